/** @file Whether the server can do its work. */
import type { Db } from '../../db/schema.ts';
import { ServiceError } from '../../lib/service-error.ts';
import { listAppliedMigrations } from './store.ts';

/** What readiness depends on. */
export interface HealthDeps {
  readonly db: Db;
  readonly version: string;
  /** The migrations this program needs. */
  readonly migrationNames: readonly string[];
  /** True while the server turns work away. */
  readonly isOverloaded: () => boolean;
  /** True from when the server was told to stop. */
  readonly isStopping: () => boolean;
}

/** By then a balancer has found another server, or this one is back. */
const RETRY_AFTER_SECONDS = 5;

/**
 * Succeeds if the server can do its work.
 *
 * @throws {ServiceError} `stopping`, `overloaded`, or `unavailable` if the database cannot be reached or lacks a migration.
 */
export async function assertReady(deps: HealthDeps): Promise<void> {
  if (deps.isStopping()) throw new ServiceError('stopping', { retryAfterSeconds: RETRY_AFTER_SECONDS });
  if (deps.isOverloaded()) throw new ServiceError('overloaded');
  const applied = new Set(await readMigrations(deps.db));
  if (!deps.migrationNames.every((name) => applied.has(name))) throw new ServiceError('unavailable');
}

async function readMigrations(db: Db): Promise<readonly string[]> {
  try {
    return await listAppliedMigrations(db);
  } catch (error) {
    // Whatever the reason: a probe asks for yes or no, and the log has the cause.
    throw new ServiceError('unavailable', {}, { cause: error });
  }
}
