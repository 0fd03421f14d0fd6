/**
 * @file An import of 10,000 entries, end to end: read the file, look for duplicates, seal, commit to a real server on
 * this machine, cache, pin; against sealing the same documents and nothing else.
 */
import { deriveVaultKeys, makeVaultKey, seal, utf8 } from '@zkvault/crypto-core';
import { importEntries, parseImport } from '@zkvault/sdk';
import { makeAccount, makeDrafts } from './client-vault.ts';
import type { Comparison } from './measure.ts';

const ENTRIES = 10_000;

/** Imports an export of Chrome into a new account each time. */
export async function importBench(url: string): Promise<Comparison> {
  const drafts = makeDrafts(ENTRIES);
  const file = chromeCsv(drafts);
  const documents = await savedDocuments(url, file);
  return {
    name: `import, ${ENTRIES} entries`,
    unit: 'entries/s',
    target: { atLeast: 0.5 },
    ceiling: 'sealing the same documents alone, by the SDK’s own envelopes',
    subject: async () => {
      const { client } = await makeAccount(url);
      const started = performance.now();
      const { saved } = await importEntries(client, parseImport('chrome-csv', file));
      const elapsed = performance.now() - started;
      if (saved !== ENTRIES) throw new Error(`saved ${saved} entries`);
      client.lock();
      return (ENTRIES * 1_000) / elapsed;
    },
    reference: async () => {
      const { entryKey } = deriveVaultKeys(makeVaultKey());
      const started = performance.now();
      for (const [entryId, document] of documents)
        await seal(entryKey, { ...PLACE, entryId }, utf8(document));
      return (documents.length * 1_000) / (performance.now() - started);
    },
  };
}

const PLACE = {
  object: 'entry',
  realm: '127.0.0.1:3000',
  vaultId: '5c6973e6-78bb-4a88-b8b4-20178c6a57f7',
  vkEpoch: 1,
  version: 1,
  schema: 1,
} as const;

function chromeCsv(drafts: ReturnType<typeof makeDrafts>): string {
  const rows = drafts.map((draft) =>
    draft.type === 'login'
      ? [draft.title, draft.urls?.[0], draft.username, draft.password, ''].join(',')
      : '',
  );
  return ['name,url,username,password,note', ...rows, ''].join('\n');
}

/** What the SDK seals of each entry, by its id: read back from one import, without what is beside the document. */
async function savedDocuments(url: string, file: string): Promise<readonly (readonly [string, string])[]> {
  const { client } = await makeAccount(url);
  await importEntries(client, parseImport('chrome-csv', file));
  const entries = await client.entries.list();
  client.lock();
  return entries.map(({ id, version, extra, ...document }) => [id, JSON.stringify(document)]);
}
