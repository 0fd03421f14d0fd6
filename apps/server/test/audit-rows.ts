/** @file The audit log as a test looks at it. */
import type { AuditEventRow, Db } from '../src/db/schema.ts';

/** Every row, in the order of its chain. */
export function auditRows(db: Db): Promise<AuditEventRow[]> {
  return db.selectFrom('audit_events').selectAll().orderBy('chain').orderBy('seq').execute();
}

/** The actions recorded of an account, oldest first. */
export async function actionsOf(db: Db, userId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('audit_events')
    .select(['action', 'outcome'])
    .where('subject_user_id', '=', userId)
    .orderBy('seq')
    .execute();
  return rows.map(({ action, outcome }) => (outcome === 'success' ? action : `${action} failed`));
}
