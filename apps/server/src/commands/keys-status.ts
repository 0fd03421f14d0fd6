/** @file `keys status`: which rows depend on which key of the ring, before one is taken out. */
import { loadConfig } from '../config.ts';
import { countKeyReferences, type KeyReferences } from '../db/key-references.ts';
import type { Db } from '../db/schema.ts';
import type { KeyRing } from '../lib/key-ring.ts';
import { keyRingOf } from '../server-secrets.ts';
import { type CommandContext, withDatabase } from './command.ts';

/** How many rows of a table depend on one key. */
export interface KeyUse extends KeyReferences {
  readonly state: 'newest' | 'older' | 'missing' | 'not-told';
}

/** Counts. The heads of empty audit chains tell no key and are left out. */
export async function readKeyUses(db: Db, { ids }: KeyRing): Promise<readonly KeyUse[]> {
  const references = await countKeyReferences(db);
  return references
    .filter(({ table, keyId }) => keyId !== null || table !== 'audit_heads')
    .map((reference) => ({ ...reference, state: stateOf(reference.keyId, ids) }));
}

function stateOf(keyId: string | null, ids: readonly string[]): KeyUse['state'] {
  if (keyId === null) return 'not-told';
  if (keyId === ids[0]) return 'newest';
  return ids.includes(keyId) ? 'older' : 'missing';
}

/** Keys without which something does not work. Old audit rows are verified with a key that is kept elsewhere. */
export function missingKeys(uses: readonly KeyUse[]): readonly string[] {
  const missing = uses.filter(({ state, table }) => state === 'missing' && !table.startsWith('audit_'));
  return [...new Set(missing.map(({ keyId }) => keyId ?? ''))];
}

/** When the rows of a table stop depending on an older key. */
const REMEDIES: Readonly<Record<string, string>> = {
  api_keys: 'until they are replaced, revoked or expire',
  audit_events: 'for good; without the key, give it to audit verify',
  audit_heads: 'until the next event of that chain',
  invitations: 'until they are used or expire',
  recovery_codes: 'until their owners make new ones',
  refresh_tokens: 'until they are used or expire',
  second_factors: 'until keys rewrap',
  users: 'until the next login of each',
};

/** Prints the counts. @returns 1 if rows depend on a key that is not in the ring. */
export async function showKeyStatus(
  { env, out }: CommandContext,
  { json }: { readonly json: boolean },
): Promise<number> {
  const config = loadConfig(env);
  const keyRing = await keyRingOf(config);
  const uses = await withDatabase(config, (db) => readKeyUses(db, keyRing));
  const missing = missingKeys(uses);
  const ok = missing.length === 0;
  if (json) out(`${JSON.stringify({ ok, ring: keyRing.ids, uses }, null, 2)}\n`);
  else out(pageOf(keyRing.ids, uses));
  return ok ? 0 : 1;
}

function pageOf(ids: readonly string[], uses: readonly KeyUse[]): string {
  const oldest = ids.length > 1 ? ids.at(-1) : undefined;
  const known = ids.map((id) => sectionOf(id, id === oldest ? [OLDEST] : [], uses));
  const missing = new Set(uses.filter(({ state }) => state === 'missing').map(({ keyId }) => keyId));
  const others = [...missing].map((id) => sectionOf(id, ['  NOT IN THE RING\n'], uses));
  const untold = uses.some(({ state }) => state === 'not-told') ? [sectionOf(null, [], uses)] : [];
  return [...known, ...others, ...untold].join('');
}

/** What has no row: see [Note: Oldest key] in docs/operations.md. */
const OLDEST =
  '  the oldest: salts for unknown logins, counters of failed logins and of requests begin anew without it\n';

function sectionOf(id: string | null, notes: readonly string[], uses: readonly KeyUse[]): string {
  const lines = uses.filter(({ keyId }) => keyId === id).map(lineOf);
  const none = lines.length === 0 ? ['  no rows\n'] : [];
  return [`${id ?? 'rows that do not tell their key'}\n`, ...lines, ...none, ...notes].join('');
}

function lineOf({ table, rows, state }: KeyUse): string {
  const remedy = state === 'newest' ? '' : (REMEDIES[table] ?? '');
  return `  ${String(rows).padStart(8)} ${table.padEnd(16)} ${remedy}`.trimEnd().concat('\n');
}
