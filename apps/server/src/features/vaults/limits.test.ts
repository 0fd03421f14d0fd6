/** The limits of the contract, asked of the database itself: what no route lets through reaches it here. */
import { randomUUID } from 'node:crypto';
import { base64UrlLength, ENVELOPE_BYTES, SMALL_ENVELOPE_BYTES } from '@zkvault/contract';
import type { Insertable } from 'kysely';
import { afterAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../../../test/test-server.ts';
import { vaultApi } from '../../../test/vault-api.ts';
import { anEnvelope, aPut } from '../../../test/vault-values.ts';
import type { Database } from '../../db/schema.ts';

const server = await startTestServer();
afterAll(() => server.close());
const account = await server.givenAccount();
const ada = vaultApi(server, account);
const vaultId = await ada.givenVault('none');
const entryId = randomUUID();
await ada.givenCommit(vaultId, { baseSeq: 0, operations: [aPut(entryId, 1)] });

const text = (length: number) => 'A'.repeat(length);
const largest = base64UrlLength(ENVELOPE_BYTES.ciphertext.maxBytes);
const largestSmall = base64UrlLength(SMALL_ENVELOPE_BYTES.maxBytes);
const no = { ciphertext: null, iv: null, tag: null };
const CONSTRAINT = expect.objectContaining({ code: '23514' });

type TableName = 'vaults' | 'entries' | 'entry_versions' | 'manifests' | 'vault_rotations' | 'staged_entries';
type Rows = { [Table in TableName]: Insertable<Database[Table]> };
type Case<Table extends keyof Rows> = readonly [fact: string, changes: Partial<Rows[Table]>];

let revision = 1_000;

function good(): Rows {
  revision += 1;
  const envelope = anEnvelope();
  const entry = { version: 1, vk_epoch: 1, schema: 1, ...envelope };
  return {
    vaults: { id: randomUUID(), owner_id: account.userId, integrity: 'none', vk_epoch: 1, ...noWrap() },
    entries: { vault_id: vaultId, id: randomUUID(), deleted: false, revision, ...entry },
    entry_versions: { vault_id: vaultId, entry_id: entryId, ...entry, version: revision },
    manifests: { vault_id: vaultId, seq: revision, revision, ...envelope },
    vault_rotations: { vault_id: vaultId, rotation_id: randomUUID(), vk_epoch: 2 },
    staged_entries: { vault_id: vaultId, entry_id: entryId, version: 1, schema: 1, ...envelope },
  };
}

function noWrap() {
  return { wrap_ciphertext: null, wrap_iv: null, wrap_tag: null };
}

const insert = async (table: keyof Rows, changes: object) => {
  if (table === 'vault_rotations' || table === 'staged_entries')
    await server.db.deleteFrom('vault_rotations').execute();
  if (table === 'staged_entries')
    await server.db.insertInto('vault_rotations').values(good().vault_rotations).execute();
  return server.db
    .insertInto(table)
    .values({ ...good()[table], ...changes })
    .execute();
};

const taken: { [Table in keyof Rows]: readonly Case<Table>[] } = {
  vaults: [['a whole wrap of the largest size', wrapOf(largestSmall)]],
  entries: [
    ['the smallest ciphertext', { ciphertext: text(2) }],
    ['the largest ciphertext', { ciphertext: text(largest) }],
    ['a tombstone', { deleted: true, ...no }],
    ['the largest schema', { schema: 32_767 }],
  ],
  entry_versions: [
    ['the smallest ciphertext', { ciphertext: text(2) }],
    ['the largest ciphertext', { ciphertext: text(largest) }],
  ],
  manifests: [
    ['the smallest ciphertext', { ciphertext: text(2) }],
    ['the largest ciphertext', { ciphertext: text(largestSmall) }],
  ],
  vault_rotations: [['the first epoch that can follow another', { vk_epoch: 2 }]],
  staged_entries: [
    ['the smallest ciphertext', { ciphertext: text(2) }],
    ['the largest ciphertext', { ciphertext: text(largest) }],
  ],
};

const envelopeFaults = [
  ['an empty ciphertext', { ciphertext: '' }],
  ['a ciphertext of one character', { ciphertext: text(1) }],
  ['an iv too short', { iv: text(15) }],
  ['an iv too long', { iv: text(17) }],
  ['a tag too short', { tag: text(21) }],
  ['a tag too long', { tag: text(23) }],
] as const;

const entryFaults = [
  ...envelopeFaults,
  ['a ciphertext too large', { ciphertext: text(largest + 1) }],
  ['version 0', { version: 0 }],
  ['epoch 0', { vk_epoch: 0 }],
  ['schema 0', { schema: 0 }],
] as const;

const refused: { [Table in keyof Rows]: readonly Case<Table>[] } = {
  vaults: [
    ['another integrity', { integrity: 'some' as 'none' }],
    ['epoch 0', { vk_epoch: 0 }],
    ['half a wrap', { ...wrapOf(2), wrap_tag: null }],
    ['a wrap too large', wrapOf(largestSmall + 1)],
    ['a wrap too small', wrapOf(1)],
    ['manifests without a wrap', { integrity: 'manifest' }],
    ['a negative revision', { revision: -1 }],
    ['a negative seq', { seq: -1 }],
    ['a revision beyond 2^53', { revision: '9007199254740992' as unknown as number }],
  ],
  entries: [
    ...entryFaults,
    ['a tombstone with an envelope', { deleted: true }],
    ['an entry without one', no],
    ['half an envelope', { tag: null }],
    ['revision 0', { revision: 0 }],
  ],
  entry_versions: entryFaults,
  manifests: [
    ...envelopeFaults,
    ['a ciphertext too large', { ciphertext: text(largestSmall + 1) }],
    ['a negative seq', { seq: -1 }],
    ['a negative revision', { revision: -1 }],
  ],
  vault_rotations: [['epoch 1', { vk_epoch: 1 }]],
  staged_entries: [
    ...envelopeFaults,
    ['a ciphertext too large', { ciphertext: text(largest + 1) }],
    ['version 0', { version: 0 }],
    ['schema 0', { schema: 0 }],
  ],
};

function wrapOf(length: number) {
  return { wrap_ciphertext: text(length), wrap_iv: text(16), wrap_tag: text(22) };
}

describe.for(Object.keys(taken) as TableName[])('the table %s', (table) => {
  it.for([...taken[table]])('takes %s', async ([, changes]) => {
    await expect(insert(table, changes)).resolves.toBeDefined();
  });

  it.for([...refused[table]])('refuses %s', async ([, changes]) => {
    await expect(insert(table, changes)).rejects.toEqual(CONSTRAINT);
  });
});

describe('two rows of a vault', () => {
  it.for(['entries', 'manifests'] as const)('never share a revision in %s', async (table) => {
    await insert(table, { revision: 5_000 });

    await expect(insert(table, { revision: 5_000 })).rejects.toMatchObject({ code: '23505' });
  });
});
