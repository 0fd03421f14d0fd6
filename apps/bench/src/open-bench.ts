/**
 * @file What it costs a client to open a vault of 10,000 entries: parse, verify, decrypt, check the
 * manifest. The answers are recorded once, so the server's time is not in it.
 */
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import { createVaultClient, type EntryDraft, memoryStorage, type VaultClient } from '@zkvault/sdk';
import { nativeKdf } from '@zkvault/sdk/node';
import type { Comparison } from './measure.ts';

const ENTRIES = 10_000;
const PASSWORD = 'one long password for a benchmark 4711';

/** Opens the vault with a client that has never seen it. */
export async function openBench(url: string): Promise<Comparison> {
  const { login, secretKey } = await makeVault(url);
  const recorded = new Map<string, RecordedAnswer>();
  const record = recordingFetch(recorded);
  const ready = await loggedIn(url, { login, secretKey, fetch: record });
  await ready.sync();
  const plaintexts = ciphertextSizes(recorded).map(sealBare);
  return {
    name: `open, ${ENTRIES} entries`,
    unit: 'entries/s',
    ceiling: 'bare AES-256-GCM by node:crypto over the same bytes, one core',
    subject: async () => {
      const client = await loggedIn(url, { login, secretKey, fetch: replayingFetch(recorded) });
      const started = performance.now();
      const entries = await client.entries.list();
      const elapsed = performance.now() - started;
      if (entries.length !== ENTRIES) throw new Error(`opened ${entries.length} entries`);
      client.lock();
      return (ENTRIES * 1_000) / elapsed;
    },
    reference: async () => {
      const started = performance.now();
      for (const sealed of plaintexts) openBare(sealed);
      return (plaintexts.length * 1_000) / (performance.now() - started);
    },
  };
}

async function makeVault(url: string): Promise<{ readonly login: string; readonly secretKey: string }> {
  const login = `bench-${randomUUID().slice(0, 18)}`;
  const client = createVaultClient({ baseUrl: url, storage: memoryStorage(), kdf: nativeKdf });
  const { secretKey } = await client.register({ login, password: PASSWORD });
  if (secretKey === null) throw new Error('the account has no Secret Key');
  await client.login({ login, password: PASSWORD });
  await client.entries.createMany(Array.from({ length: ENTRIES }, (_, index) => makeDraft(index)));
  client.lock();
  return { login, secretKey };
}

function makeDraft(index: number): EntryDraft {
  return {
    type: 'login',
    title: `Account ${index}`,
    username: `person${index}@example.com`,
    password: randomBytes(15).toString('base64url'),
    urls: [`https://site-${index}.example.com/login`],
  };
}

async function loggedIn(
  url: string,
  how: { readonly login: string; readonly secretKey: string; readonly fetch: typeof fetch },
): Promise<VaultClient> {
  const { login, secretKey } = how;
  const client = createVaultClient({
    baseUrl: url,
    storage: memoryStorage(),
    kdf: nativeKdf,
    fetch: how.fetch,
  });
  await client.login({ login, password: PASSWORD, secretKey });
  return client;
}

interface RecordedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Keeps the answers about changes, by URL. */
function recordingFetch(recorded: Map<string, RecordedAnswer>): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const url = urlOf(input);
    if (!url.includes('/changes')) return response;
    const { status, headers } = response;
    const body = new Uint8Array(await response.arrayBuffer());
    recorded.set(url, { status, headers, body });
    return new Response(body, { status, headers });
  };
}

/** Answers about changes from memory, all else for real. */
function replayingFetch(recorded: ReadonlyMap<string, RecordedAnswer>): typeof fetch {
  return async (input, init) => {
    const known = recorded.get(urlOf(input));
    if (known !== undefined) return new Response(known.body, known);
    return fetch(input, init);
  };
}

function urlOf(input: Parameters<typeof fetch>[0]): string {
  return input instanceof Request ? input.url : String(input);
}

/** Ciphertext sizes in bytes of all recorded entries, as the envelope has them. */
function ciphertextSizes(recorded: ReadonlyMap<string, RecordedAnswer>): readonly number[] {
  const decoder = new TextDecoder();
  return [...recorded.values()].flatMap(({ body }) => {
    const page = JSON.parse(decoder.decode(body)) as {
      readonly entries: readonly { readonly ciphertext: string }[];
    };
    return page.entries.map(({ ciphertext }) => Math.floor((ciphertext.length * 3) / 4));
  });
}

interface BareSealed {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly body: Uint8Array;
  readonly tag: Uint8Array;
}

function sealBare(bytes: number): BareSealed {
  const key = randomBytes(32);
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
  const body = Buffer.concat([cipher.update(randomBytes(bytes)), cipher.final()]);
  return { key, iv, body, tag: cipher.getAuthTag() };
}

function openBare({ key, iv, body, tag }: BareSealed): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(body), decipher.final()]);
}
