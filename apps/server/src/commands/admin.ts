/** @file `admin`: makes an existing account an administrator. */
import { loadConfig } from '../config.ts';
import { makeAudit } from '../features/audit/service.ts';
import { grantAdmin } from '../features/users/standing-service.ts';
import { keyRingOf } from '../server-secrets.ts';
import { type CommandContext, withDatabase } from './command.ts';

/** Raises the account of a login; it is recorded in the audit log. */
export async function grantAdministrator({ env, out, err }: CommandContext, login: string): Promise<number> {
  const config = loadConfig(env);
  const { operator } = makeAudit(await keyRingOf(config));
  const userId = await withDatabase(config, (db) => grantAdmin(db, login, operator));
  if (userId === undefined) {
    err('There is no account of this login. It has to be registered first.\n');
    return 1;
  }
  out(`The account ${userId} is an administrator from its next login on.\n`);
  return 0;
}
