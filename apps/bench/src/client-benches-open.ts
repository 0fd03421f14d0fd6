/**
 * @file What it costs a client in Node to open a vault of 10,000 entries it has never seen: parse, verify,
 * decrypt, check the manifest. The answers are recorded once, so the server's time is not in it.
 */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { loggedIn, recordVault, replayingFetch } from './client-vault.ts';
import type { Comparison } from './measure.ts';

const ENTRIES = 10_000;
const OPTIONS = { authTagLength: 16 };

/** Opens the vault, against AES alone with the key as bytes, and against the faster one with a KeyObject. */
export async function openInNode(url: string): Promise<readonly Comparison[]> {
  const { account, answers, ciphertextBytes } = await recordVault(url, ENTRIES);
  const replay = replayingFetch(answers);
  const sealed = ciphertextBytes.map(sealBare);
  const subject = async (): Promise<number> => {
    const client = await loggedIn(url, account, replay);
    const started = performance.now();
    const entries = await client.entries.list();
    const elapsed = performance.now() - started;
    if (entries.length !== ENTRIES) throw new Error(`opened ${entries.length} entries`);
    client.lock();
    return (ENTRIES * 1_000) / elapsed;
  };
  const comparison = (ceiling: string, keyOf: KeyOf): Comparison => ({
    name: `open, ${ENTRIES} entries, Node`,
    unit: 'entries/s',
    target: { atLeast: 0.25 },
    ceiling,
    subject,
    reference: async () => {
      const started = performance.now();
      for (const each of sealed) openBare(each, keyOf);
      return (sealed.length * 1_000) / (performance.now() - started);
    },
  });
  return [
    comparison('bare AES-256-GCM by node:crypto over the same bytes, one core', (key) => key),
    comparison('the same, its keys given as KeyObjects', createSecretKey),
  ];
}

type KeyOf = (key: Uint8Array) => Parameters<typeof createDecipheriv>[1];

interface BareSealed {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly body: Uint8Array;
  readonly tag: Uint8Array;
}

function sealBare(bytes: number): BareSealed {
  const key = randomBytes(32);
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv, OPTIONS);
  const body = Buffer.concat([cipher.update(randomBytes(bytes)), cipher.final()]);
  return { key, iv, body, tag: cipher.getAuthTag() };
}

function openBare({ key, iv, body, tag }: BareSealed, keyOf: KeyOf): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', keyOf(key), iv, OPTIONS);
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(body), decipher.final()]);
}
