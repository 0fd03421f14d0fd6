/** @file What runs in the page of the benchmarks for browsers: the SDK, and its ceilings. */
import { derivePasswordKeys, portableKdf } from '@zkvault/crypto-core';
import { createVaultClient, memoryStorage } from '@zkvault/sdk';
import { argon2id } from 'hash-wasm';
import type { RecordedAnswer } from '../client-vault.ts';

const DERIVATIONS = 3;
/** How many decryptions the ceiling has under way at once. */
const AT_ONCE = 256;
const SALT = new Uint8Array(16).fill(7);

interface Vault {
  readonly baseUrl: string;
  readonly credentials: { readonly login: string; readonly password: string; readonly secretKey: string };
  readonly answers: readonly (readonly [string, RecordedAnswer])[];
  readonly ciphertextBytes: readonly number[];
}

interface BareSealed {
  readonly keyBytes: Uint8Array<ArrayBuffer>;
  readonly key: CryptoKey;
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly sealed: ArrayBuffer;
}

let vault: Vault | undefined;
let bare: readonly BareSealed[] = [];

const bench = {
  /** Takes what {@link bench.open} opens, and seals as many bytes for {@link bench.openBare}. */
  async load(given: Vault): Promise<void> {
    vault = given;
    bare = await Promise.all(given.ciphertextBytes.map(sealBare));
  },
  /** Opens the vault as a new device. Gives entries per second, without the login. */
  async open(): Promise<number> {
    if (vault === undefined) throw new Error('there is no vault yet');
    const { baseUrl, credentials, answers, ciphertextBytes } = vault;
    const client = createVaultClient({ baseUrl, storage: memoryStorage(), fetch: replayingFetch(answers) });
    await client.login(credentials);
    const started = performance.now();
    const entries = await client.entries.list();
    const elapsed = performance.now() - started;
    if (entries.length !== ciphertextBytes.length) throw new Error(`opened ${entries.length} entries`);
    client.lock();
    return (entries.length * 1_000) / elapsed;
  },
  /** Decrypts with keys that are bytes, as those of envelopes are. */
  openBare: () =>
    decryptAll(async ({ keyBytes, iv, sealed }) => {
      const key = await crypto.subtle.importKey('raw', keyBytes, 'AES-GCM', false, ['decrypt']);
      return crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed);
    }),
  /** Decrypts with keys that were imported before. */
  openBarest: () =>
    decryptAll(({ key, iv, sealed }) => crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed)),
  deriveKeys: (password: string) =>
    perSecond(() =>
      derivePasswordKeys({
        profile: 1,
        password,
        realm: 'localhost',
        login: 'bench',
        salt: SALT,
        kdf: portableKdf,
      }),
    ),
  argon2: (password: string) =>
    perSecond(() =>
      argon2id({
        password,
        salt: SALT,
        memorySize: 65_536,
        iterations: 3,
        parallelism: 1,
        hashLength: 32,
        outputType: 'binary',
      }),
    ),
};

declare global {
  var bench: Bench;
}
type Bench = typeof bench;
globalThis.bench = bench;

async function sealBare(bytes: number): Promise<BareSealed> {
  const keyBytes = crypto.getRandomValues(new Uint8Array(32));
  const key = await crypto.subtle.importKey('raw', keyBytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, new Uint8Array(bytes));
  return { keyBytes, key, iv, sealed };
}

async function decryptAll(decrypt: (sealed: BareSealed) => Promise<ArrayBuffer>): Promise<number> {
  const started = performance.now();
  for (let start = 0; start < bare.length; start += AT_ONCE)
    await Promise.all(bare.slice(start, start + AT_ONCE).map(decrypt));
  return (bare.length * 1_000) / (performance.now() - started);
}

async function perSecond(derive: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  for (let count = 0; count < DERIVATIONS; count += 1) await derive();
  return (DERIVATIONS * 1_000) / (performance.now() - started);
}

function replayingFetch(answers: Vault['answers']): typeof fetch {
  const byKey = new Map(answers);
  const encoder = new TextEncoder();
  const bodies = new Map(answers.map(([key, { body }]) => [key, encoder.encode(body)]));
  return async (input, init) => {
    const key = `${init?.method ?? 'GET'} ${new Request(input).url}`;
    const known = byKey.get(key);
    if (known === undefined) throw new Error(`no answer was recorded to ${key}`);
    const { status, contentType } = known;
    return new Response(bodies.get(key), { status, headers: { 'content-type': contentType } });
  };
}
