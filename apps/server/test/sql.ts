/** @file SQL for tests outside of this package, which have no Kysely of their own. */
export { sql } from 'kysely';
