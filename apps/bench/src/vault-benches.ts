/** @file Commits of many entries, and syncs of many and of few. */
import { randomUUID } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { Entry } from '@zkvault/contract';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { call, millisecondsOf, timesPerSecond } from './http.ts';
import type { Comparison } from './measure.ts';
import { bearer } from './people.ts';
import { type Servers, WARM_UPS } from './server-benches.ts';
import { type BenchVault, COMMIT_SIZE, commit, fillVault, makePuts, makeVault } from './vaults.ts';

const COMMITS = 4;
const SYNCED = 10_000;
const PAGE = 1_000;
const SECONDS = 2;

/** Commits of 1,000 new entries, one after the other, against COPY of as many rows in a transaction each. */
export async function commitBench(servers: Servers): Promise<Comparison> {
  const vault = await makeVault(servers.product);
  return {
    name: 'commit of 1,000 entries',
    unit: 'entries/s',
    ceiling: 'COPY of the same rows, one transaction each',
    target: { atLeast: 0.5 },
    warmUps: WARM_UPS,
    async subject() {
      const commits = Array.from({ length: COMMITS }, () => makePuts(COMMIT_SIZE));
      return rateOf(async () => {
        for (const operations of commits) await commit(servers.product, vault, operations);
      });
    },
    async reference() {
      const copies = Array.from({ length: COMMITS }, () => copyText(makePuts(COMMIT_SIZE)));
      const client = new pg.Client({ connectionString: servers.ceilingDatabase });
      await client.connect();
      try {
        return await rateOf(async () => {
          for (const text of copies) await copy(client, text);
        });
      } finally {
        await client.end();
      }
    },
  };
}

async function rateOf(work: () => Promise<void>): Promise<number> {
  return (COMMITS * COMMIT_SIZE * 1_000) / (await millisecondsOf(work));
}

function copyText(puts: readonly object[]): string {
  const vaultId = randomUUID();
  return (puts as readonly Entry[])
    .map(({ id, ciphertext, iv, tag }, index) =>
      [vaultId, id, 1, 1, 1, ciphertext, iv, tag, index + 1].join('\t'),
    )
    .join('\n');
}

async function copy(client: pg.Client, text: string): Promise<void> {
  await client.query('begin');
  const stream = client.query(
    copyFrom(
      'copy ceiling_entries (vault_id, id, version, vk_epoch, schema, ciphertext, iv, tag, revision) from stdin',
    ),
  );
  await pipeline([text], stream);
  await client.query('commit');
}

/** All changes of a vault of 10,000 entries, page by page, in bytes. */
export async function fullSyncBench(servers: Servers): Promise<Comparison> {
  const vault = await makeVault(servers.product);
  await fillVault(servers.product, vault, SYNCED);
  const twin = randomUUID();
  await call(`${servers.ceiling}/fill/${twin}?count=${SYNCED}`, { method: 'POST' });
  const headers = bearer(vault.person);
  return {
    name: 'full sync of 10,000 entries',
    unit: 'kB/s',
    ceiling: 'bare Node, the same rows as JSON text built by PostgreSQL',
    target: { atLeast: 0.6 },
    subject: () =>
      kilobytesPerSecond(
        (since) => `${servers.product}${vault.path}/changes?since=${since}&limit=${PAGE}`,
        headers,
      ),
    reference: () =>
      kilobytesPerSecond((since) => `${servers.ceiling}/sync/${twin}?since=${since}&limit=${PAGE}`, {}),
  };
}

async function kilobytesPerSecond(
  urlOf: (since: number) => string,
  headers: Record<string, string>,
): Promise<number> {
  let bytes = 0;
  const duration = await millisecondsOf(async () => {
    for (let time = 0; time < 3; time += 1)
      for (let since = 0; since < SYNCED; since += PAGE)
        bytes += (await call(urlOf(since), { headers })).size;
  });
  return bytes / duration;
}

/** One change asked for in large vaults, against the same in a small one. */
export async function deltaSyncBenches({ product }: Servers): Promise<readonly Comparison[]> {
  const filled = async (entries: number): Promise<BenchVault> => {
    const vault = await makeVault(product);
    await fillVault(product, vault, entries);
    return vault;
  };
  const small = await filled(100);
  const millisecondsPerSync = async ({ person, path, revision }: BenchVault): Promise<number> => {
    const url = `${product}${path}/changes?since=${revision - 1}`;
    const headers = bearer(person);
    return 1_000 / (await timesPerSecond(1, SECONDS, async () => void (await call(url, { headers }))));
  };
  const benches: Comparison[] = [];
  for (const entries of [10_000, 100_000]) {
    const large = await filled(entries);
    benches.push({
      name: `delta sync of 1 change in ${entries.toLocaleString('en-US')} entries`,
      unit: 'ms',
      ceiling: 'the same in 100 entries',
      target: { atMost: 1.3 },
      subject: () => millisecondsPerSync(large),
      reference: () => millisecondsPerSync(small),
    });
  }
  return benches;
}
