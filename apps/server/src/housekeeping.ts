/** @file Removes rows that nobody can use any more, now and then. */
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import type { Db } from './db/schema.ts';
import { removeExpiredAttempts } from './features/auth/service.ts';
import { removeExpiredInvitations } from './features/invitations/service.ts';
import { removeExpiredSessions } from './features/sessions/service.ts';
import { describeError } from './lib/describe-error.ts';

const INTERVAL_MS = 15 * 60_000;

/** Removes expired sessions, invitations, refresh tokens and counters of failed logins. @returns how many rows. */
export async function keepHouse(
  db: Db,
  settings: Pick<Config, 'refreshTokenTtlSeconds' | 'lockoutMinutes'>,
): Promise<number> {
  const sessions = await removeExpiredSessions({ db, refreshTtlSeconds: settings.refreshTokenTtlSeconds });
  const invitations = await removeExpiredInvitations({ db });
  return sessions + invitations + (await removeExpiredAttempts({ db }, settings.lockoutMinutes));
}

/** Keeps house every quarter of an hour. A failure is logged and tried again the next time. */
export function startHousekeeping(
  db: Db,
  logger: Logger,
  settings: Pick<Config, 'refreshTokenTtlSeconds' | 'lockoutMinutes'>,
): { stop(): void } {
  const timer = setInterval(() => {
    keepHouse(db, settings).catch((error: unknown) => {
      logger.warn({ event: 'housekeeping_failed', error: describeError(error) }, 'housekeeping failed');
    });
  }, INTERVAL_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
