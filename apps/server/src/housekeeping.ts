/** @file Removes rows that nobody can use any more, now and then. */
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import type { Db } from './db/schema.ts';
import { removeExpiredApiKeys } from './features/api-keys/service.ts';
import { removeExpiredAttempts, removeExpiredRecoveries } from './features/auth/service.ts';
import { removeExpiredKeys } from './features/idempotency/service.ts';
import { removeExpiredInvitations } from './features/invitations/service.ts';
import { removeExpiredSessions } from './features/sessions/service.ts';
import { readLockoutMinutes } from './features/settings/service.ts';
import { removeAbandonedRotations } from './features/vaults/rotation-service.ts';
import { describeError } from './lib/describe-error.ts';

const INTERVAL_MS = 15 * 60_000;

/**
 * Removes what has expired: sessions and refresh tokens, invitations, API keys, recoveries, idempotency keys, abandoned
 * rotations, counters of failed logins.
 *
 * @returns how many rows.
 */
export async function keepHouse(
  db: Db,
  settings: Pick<Config, 'refreshTokenTtlSeconds' | 'lockoutMinutes'>,
): Promise<number> {
  const lockoutMinutes = await readLockoutMinutes(db, settings.lockoutMinutes);
  const removed = [
    await removeExpiredSessions({ db, refreshTtlSeconds: settings.refreshTokenTtlSeconds }),
    await removeExpiredInvitations({ db }),
    await removeExpiredRecoveries({ db }),
    await removeExpiredApiKeys({ db }),
    await removeExpiredKeys({ db }),
    await removeAbandonedRotations({ db }),
    await removeExpiredAttempts({ db }, lockoutMinutes),
  ];
  return removed.reduce((sum, rows) => sum + rows, 0);
}

/** What keeps house until it is stopped. */
export interface Housekeeping {
  stop(): void;
}

/** Keeps house every quarter of an hour. A failure is logged and tried again the next time. */
export function startHousekeeping(
  db: Db,
  logger: Logger,
  settings: Pick<Config, 'refreshTokenTtlSeconds' | 'lockoutMinutes'>,
): Housekeeping {
  const timer = setInterval(() => {
    keepHouse(db, settings).catch((error: unknown) => {
      logger.warn({ event: 'housekeeping_failed', error: describeError(error) }, 'housekeeping failed');
    });
  }, INTERVAL_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
