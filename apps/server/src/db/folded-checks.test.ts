/** @file The database keeps the limits of the tables whose checks are folded (migration 0012), each by itself. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase } from '../../test/test-database.ts';
import type { Connection } from './connect.ts';

let connection: Connection;

beforeAll(async () => {
  connection = await openTestDatabase();
  const [userId, vaultId] = [randomUUID(), randomUUID()];
  const run = (statement: string) => sql.raw(statement).execute(connection.db);
  await run(`insert into users (id, login, kdf_profile, kdf_salt, verifier, verifier_key_id)
    values ('${userId}', 'ada', 1, repeat('A', 22), '$argon2id$', 'k')`);
  await run(
    `insert into vaults (id, owner_id, integrity, vk_epoch) values ('${vaultId}', '${userId}', 'none', 1)`,
  );
  await run(`insert into entries (vault_id, id, version, vk_epoch, schema, deleted, ciphertext, iv, tag, revision)
    values ('${vaultId}', '${randomUUID()}', 1, 1, 1, false, 'AAAA', repeat('A', 16), repeat('A', 22), 1)`);
  await run(`insert into sessions (id, user_id, device_id, device_name, transport, address_prefix)
    values ('${randomUUID()}', '${userId}', '${randomUUID()}', 'a test', 'body', '127.0.0.0/24')`);
});
afterAll(() => connection.close());

describe('a row that does not fit is refused:', () => {
  it.for([
    'update vaults set vk_epoch = 0',
    'update vaults set revision = -1',
    'update vaults set seq = 9007199254740992',
    "update vaults set integrity = 'some'",
    "update vaults set wrap_iv = repeat('A', 16)",
    "update vaults set wrap_ciphertext = 'A', wrap_iv = repeat('A', 16), wrap_tag = repeat('A', 22)",
    "update vaults set integrity = 'manifest'",
    'update entries set version = 0',
    'update entries set deleted = true',
    'update entries set ciphertext = null',
    "update entries set ciphertext = repeat('A', 349527)",
    "update entries set iv = repeat('A', 17)",
    'update entries set revision = 0',
    "update sessions set transport = 'pigeon'",
    "update sessions set device_name = ''",
    'update sessions set revoked_at = now()',
    'update audit_heads set last_seq = -1',
    'update audit_heads set last_seq = 1',
    "update audit_heads set last_hash = '\\x00'",
  ])('%s', async (statement) => {
    await expect(sql.raw(statement).execute(connection.db)).rejects.toMatchObject({ code: '23514' });
  });
});

describe('a row that fits to the last bit is taken:', () => {
  it.for([
    'update vaults set seq = 9007199254740991, revision = 9007199254740991',
    "update vaults set wrap_ciphertext = repeat('A', 43691), wrap_iv = repeat('A', 16), wrap_tag = repeat('A', 22)",
    "update entries set ciphertext = repeat('A', 349526)",
    'update entries set deleted = true, ciphertext = null, iv = null, tag = null',
    "update sessions set revoked_at = now(), revoked_reason = 'logout', device_name = repeat('x', 100)",
  ])('%s', async (statement) => {
    await expect(sql.raw(statement).execute(connection.db)).resolves.toBeDefined();
  });
});

it('a table has one check, and what a later migration adds', async () => {
  const { rows } = await sql<{ name: string }>`
    select conname as name from pg_constraint
    where contype = 'c' and conrelid = 'entries'::regclass`.execute(connection.db);

  expect(rows).toEqual([{ name: 'entries_fits' }]);
});
