/** @file What administrators do: to other accounts, and to the server's settings. */
import type { AuditDetails, Role, ServerSettings, SettingsChange, Stats, User } from '@zkvault/contract';
import type { Db, Tx } from '../../db/schema.ts';
import type { RequestOrigin } from '../../lib/request-origin.ts';
import type { SecurityEvents } from '../../lib/security-events.ts';
import { ServiceError } from '../../lib/service-error.ts';
import type { Audit } from '../audit/service.ts';
import { endSessionsOfUser, type SessionActor } from '../sessions/service.ts';
import type { Settings } from '../settings/service.ts';
import { isAbove, toUser, updateStanding } from '../users/service.ts';
import { lockStandings, removeUser, type Standings } from '../users/standing-service.ts';
import { countAll } from './store.ts';

/** What administration needs. */
export interface AdminDeps {
  readonly db: Db;
  readonly events: SecurityEvents;
  readonly audit: Audit;
  readonly refreshTtlSeconds: number;
  readonly settings: Settings;
}

/** Who administers, and from where. */
export interface AdminActor extends SessionActor {
  readonly origin: RequestOrigin;
}

/** What shall become of an account; what is undefined stays. */
export interface StandingChange {
  readonly role: Role | undefined;
  readonly isActive: boolean | undefined;
}

/**
 * Changes an account's role, or stops or starts it. An account that is stopped has no session any more.
 *
 * @throws {ServiceError} `user-not-found`; `insufficient-permission` if the account or the new role is above
 *   the caller; `last-administrator`; `invalid-token` if the caller's own role was changed meanwhile.
 */
export async function changeUser(
  { db, events, audit }: AdminDeps,
  { origin, ...actor }: AdminActor,
  userId: string,
  change: StandingChange,
): Promise<User> {
  const row = await db.transaction().execute(async (tx) => {
    const { standings, present } = await lockSubject(tx, actor, userId);
    const next = { role: change.role ?? present.role, is_active: change.isActive ?? present.is_active };
    if (isAbove(next.role, actor.role)) throw new ServiceError('insufficient-permission');
    if (next.role !== 'admin' || !next.is_active) standings.assertNotLastAdministrator(userId);
    if (!next.is_active) await endSessionsOfUser(tx, userId);
    const changed = await updateStanding(tx, userId, next);
    await audit.trailOf(origin).record(tx, {
      action: 'user-changed',
      outcome: 'success',
      subject: { userId },
      details: { role: next.role, active: next.is_active },
    });
    return changed;
  });
  const { role, is_active: isActive } = row;
  events.administration({ action: 'change-user', actorId: actor.userId, subjectId: userId, role, isActive });
  return toUser(row);
}

/**
 * Deletes somebody else's account with everything in it.
 *
 * @throws {ServiceError} `own-account`; `user-not-found`; `insufficient-permission` if the account is above
 *   the caller; `last-administrator`; `invalid-token` if the caller's own role was changed meanwhile.
 */
export async function deleteUser(
  { db, events, audit }: AdminDeps,
  { origin, ...actor }: AdminActor,
  userId: string,
): Promise<void> {
  if (userId === actor.userId) throw new ServiceError('own-account');
  await db.transaction().execute(async (tx) => {
    const { standings } = await lockSubject(tx, actor, userId);
    await removeUser(tx, standings, userId);
    const subject = { userId };
    await audit.trailOf(origin).record(tx, { action: 'user-deleted', outcome: 'success', subject });
  });
  events.administration({ action: 'delete-user', actorId: actor.userId, subjectId: userId });
}

/** Locks who acts and who is acted upon; what the guard saw of the former may have changed since. */
async function lockSubject(tx: Tx, actor: SessionActor, userId: string) {
  const standings: Standings = await lockStandings(tx, [actor.userId, userId]);
  const self = standings.of(actor.userId);
  if (self?.is_active !== true || self.role !== actor.role) throw new ServiceError('invalid-token');
  const present = standings.of(userId);
  if (present === undefined) throw new ServiceError('user-not-found');
  if (isAbove(present.role, self.role)) throw new ServiceError('insufficient-permission');
  return { standings, present };
}

/** Counts, and nothing about anybody. */
export async function readStats({ db, refreshTtlSeconds }: AdminDeps): Promise<Stats> {
  const counts = await countAll(db, refreshTtlSeconds);
  return {
    users: {
      total: counts.users,
      active: counts.active_users,
      byRole: {
        admin: counts.admins,
        moderator: counts.moderators,
        user: counts.plain_users,
        viewer: counts.viewers,
      },
    },
    sessions: { live: counts.sessions },
    vaults: { total: counts.vaults },
    entries: { total: counts.entries },
    invitations: { open: counts.invitations },
  };
}

/** The settings as they hold now. */
export function readServerSettings({ db, settings }: AdminDeps): Promise<ServerSettings> {
  return settings.read(db);
}

/** Makes settings, for every server on this database. @returns all of them as they hold now. */
export async function changeServerSettings(
  { db, events, audit, settings }: AdminDeps,
  { origin, ...actor }: AdminActor,
  change: SettingsChange,
): Promise<ServerSettings> {
  const text = JSON.stringify(change);
  const now = await db.transaction().execute(async (tx) => {
    await settings.write(tx, change);
    await audit.trailOf(origin).record(tx, {
      action: 'settings-changed',
      outcome: 'success',
      subject: { userId: actor.userId },
      details: settingsDetails(change),
    });
    return await settings.read(tx);
  });
  await settings.refresh();
  events.administration({ action: 'change-settings', actorId: actor.userId, settings: text });
  return now;
}

/** A change of the settings in the short codes of the audit log; what went back to the environment is `default`. */
function settingsDetails({ registration, password, lockout, rateLimits = {} }: SettingsChange): AuditDetails {
  const limits = Object.entries(rateLimits).map(([kind, limit]) => [
    `limit${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
    limit?.replace('/', '-') ?? 'default',
  ]);
  return {
    ...(registration !== undefined && { registration: registration ?? 'default' }),
    ...(password !== undefined && {
      passwordAdvice:
        password === null
          ? 'default'
          : `${password.minLength}-${password.minScore}-${password.requireClasses ? 'classes' : 'any'}`,
    }),
    ...(lockout !== undefined && {
      lockout: lockout === null ? 'default' : `${lockout.maxFailedLogins}-${lockout.minutes}`,
    }),
    ...(Object.fromEntries(limits) as Pick<AuditDetails, 'limitDefault'>),
  };
}
