import { type Kysely, sql } from 'kysely';

const LIMITS = ['default', 'session', 'login', 'register', 'refresh'] as const;

/**
 * Names for invitations, so that they can be taken back, and more settings that outlive a restart. Bounds
 * repeat the contract's; a setting of several columns is there whole or not at all.
 *
 * Lock: both tables for an instant; `invitations` is rewritten, a table of a few rows.
 * Rollback: drop the columns.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('invitations')
    .addColumn('id', 'uuid', (column) => column.notNull().defaultTo(sql`gen_random_uuid()`))
    .execute();
  await db.schema.alterTable('invitations').addUniqueConstraint('invitations_id_key', ['id']).execute();
  await db.schema
    .alterTable('server_settings')
    .addColumn('password_min_length', 'integer')
    .addColumn('password_min_score', 'smallint')
    .addColumn('password_require_classes', 'boolean')
    .addColumn('max_failed_logins', 'integer')
    .addColumn('lockout_minutes', 'integer')
    .execute();
  for (const kind of LIMITS)
    await db.schema.alterTable('server_settings').addColumn(`rate_limit_${kind}`, 'text').execute();
  for (const [name, rule] of rules())
    await sql`alter table server_settings add constraint ${sql.id(name)} check (${sql.raw(rule)})`.execute(
      db,
    );
}

function rules(): readonly (readonly [string, string])[] {
  return [
    [
      'server_settings_password_whole',
      'num_nulls(password_min_length, password_min_score, password_require_classes) in (0, 3)',
    ],
    ['server_settings_password_min_length_range', 'password_min_length between 12 and 1024'],
    ['server_settings_password_min_score_range', 'password_min_score between 0 and 4'],
    ['server_settings_lockout_whole', 'num_nulls(max_failed_logins, lockout_minutes) in (0, 2)'],
    ['server_settings_max_failed_logins_range', 'max_failed_logins between 1 and 100'],
    ['server_settings_lockout_minutes_range', 'lockout_minutes between 1 and 1440'],
    ...LIMITS.map(
      (kind) =>
        [
          `server_settings_rate_limit_${kind}_form`,
          `rate_limit_${kind} ~ '^(off|([1-9][0-9]{0,5}|1000000)/(second|minute|hour))$'`,
        ] as const,
    ),
  ];
}
