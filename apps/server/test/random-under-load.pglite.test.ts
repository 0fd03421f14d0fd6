/** What tokens, seeds and keys of the server are drawn from does not repeat when many threads draw at once. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';

const WORKERS = 8;
const DRAWS = 50_000;
const BYTES = 32;

const drawer = `
  const { randomBytes } = require('node:crypto');
  const { parentPort } = require('node:worker_threads');
  const drawn = Buffer.alloc(${DRAWS * BYTES});
  for (let at = 0; at < drawn.length; at += ${BYTES}) randomBytes(${BYTES}).copy(drawn, at);
  parentPort.postMessage(drawn);
`;

it('draws 400,000 tokens in eight threads and none twice', { timeout: 120_000 }, async () => {
  const drawn = await Promise.all(
    Array.from({ length: WORKERS }, async () => {
      const worker = new Worker(drawer, { eval: true });
      const [bytes] = (await once(worker, 'message')) as [Uint8Array];
      await worker.terminate();
      return Buffer.from(bytes);
    }),
  );

  const tokens = new Set<string>();
  for (const bytes of drawn)
    for (let at = 0; at < bytes.length; at += BYTES)
      // Half of a token is enough to tell it apart.
      tokens.add(bytes.toString('latin1', at, at + BYTES / 2));

  expect(tokens.size).toBe(WORKERS * DRAWS);
});
