/**
 * @file What one write costs a client in a large vault, against what it costs the same client in a small one: seal,
 * manifest, JSON, cache, pin. Commits are answered on the spot, so the server's time is not in it.
 */
import type { VaultClient } from '@zkvault/sdk';
import { makeAccount, makeDrafts } from './client-vault.ts';
import type { Comparison } from './measure.ts';

const LARGE = 100_000;
const SMALL = 100;
/** More than the parts after which a cache joins some of them, so that this is in every round. */
const WRITES = 300;

/** Writes one entry after the other. */
export async function writeBench(url: string): Promise<Comparison> {
  const large = await vaultOf(url, LARGE);
  const small = await vaultOf(url, SMALL);
  return {
    name: `one write, client side, ${LARGE} entries`,
    unit: 'writes/s',
    target: { atLeast: 0.67 },
    ceiling: `the same in a vault of ${SMALL} entries`,
    subject: () => writesPerSecond(large),
    reference: () => writesPerSecond(small),
  };
}

async function vaultOf(url: string, count: number): Promise<VaultClient> {
  const { client } = await makeAccount(url, obligingFetch());
  await client.entries.createMany(makeDrafts(count));
  return client;
}

async function writesPerSecond(client: VaultClient): Promise<number> {
  const [draft] = makeDrafts(1);
  const started = performance.now();
  for (let count = 0; count < WRITES; count += 1) await client.entries.create(draft!);
  return (WRITES * 1_000) / (performance.now() - started);
}

/** Says yes to every commit and every account state, and asks the server about all else. */
function obligingFetch(): typeof fetch {
  return async (input, init) => {
    const { url } = new Request(input);
    if (init?.method === 'POST' && url.endsWith('/commits')) {
      const seq = 1 + numberAfter('"baseSeq":', init.body);
      return Response.json({ seq, revision: seq + 1 });
    }
    if (init?.method === 'PUT' && url.endsWith('/account-state'))
      return Response.json({ seq: numberAfter('"seq":', init.body) });
    return fetch(input, init);
  };
}

function numberAfter(name: string, body: RequestInit['body']): number {
  if (typeof body !== 'string') throw new TypeError('the body must be a text');
  return Number.parseInt(body.slice(body.indexOf(name) + name.length), 10);
}
