/** @file Vaults to measure with: made by the SDK as any app would, and replayed from the answers recorded once. */
import { randomBytes, randomUUID } from 'node:crypto';
import {
  createVaultClient,
  type EntryDraft,
  memoryStorage,
  type VaultClient,
  type VaultClientOptions,
} from '@zkvault/sdk';
import { nativeKdf } from '@zkvault/sdk/node';

/** The password of every account here. */
export const PASSWORD = 'one long password for a benchmark 4711';

/** What a device without any memory logs in with. */
export interface Account {
  readonly login: string;
  readonly secretKey: string;
}

/** An answer of a server, as text. */
export interface RecordedAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** A vault, and every answer that a new device gets on its way to it, by method and URL. */
export interface RecordedVault {
  readonly account: Account;
  readonly answers: ReadonlyMap<string, RecordedAnswer>;
  /** Of each entry, in bytes as its envelope has them. */
  readonly ciphertextBytes: readonly number[];
}

/** Makes an account with an empty vault, and a client that is logged in. */
export async function makeAccount(
  url: string,
  fetchOf?: typeof fetch,
): Promise<{ readonly account: Account; readonly client: VaultClient }> {
  const login = `bench-${randomUUID().slice(0, 18)}`;
  const client = makeClient(url, fetchOf);
  const { secretKey } = await client.register({ login, password: PASSWORD });
  if (secretKey === null) throw new Error('the account has no Secret Key');
  await client.login({ login, password: PASSWORD });
  return { account: { login, secretKey }, client };
}

/** Makes a vault of `count` entries and records how a new device opens it. */
export async function recordVault(url: string, count: number): Promise<RecordedVault> {
  const { account, client } = await makeAccount(url);
  await client.entries.createMany(makeDrafts(count));
  client.lock();
  const answers = new Map<string, RecordedAnswer>();
  await (await loggedIn(url, account, recordingFetch(answers))).sync();
  return { account, answers, ciphertextBytes: ciphertextSizes(answers) };
}

/** Logs in from a device without any memory. */
export async function loggedIn(url: string, account: Account, fetchOf: typeof fetch): Promise<VaultClient> {
  const client = makeClient(url, fetchOf);
  await client.login({ ...account, password: PASSWORD });
  return client;
}

/** Drafts of ordinary logins. */
export function makeDrafts(count: number): readonly EntryDraft[] {
  return Array.from({ length: count }, (_, index) => ({
    type: 'login',
    title: `Account ${index}`,
    username: `person${index}@example.com`,
    password: randomBytes(15).toString('base64url'),
    urls: [`https://site-${index}.example.com/login`],
  }));
}

function makeClient(url: string, fetchOf: typeof fetch | undefined): VaultClient {
  const options: VaultClientOptions = { baseUrl: url, storage: memoryStorage(), kdf: nativeKdf };
  return createVaultClient(fetchOf === undefined ? options : { ...options, fetch: fetchOf });
}

function recordingFetch(answers: Map<string, RecordedAnswer>): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const body = await response.text();
    const { status, headers } = response;
    const contentType = headers.get('content-type') ?? '';
    answers.set(keyOf(input, init), { status, contentType, body });
    return new Response(body, { status, headers: { 'content-type': contentType } });
  };
}

/** Answers from memory; what was not recorded fails. */
export function replayingFetch(answers: ReadonlyMap<string, RecordedAnswer>): typeof fetch {
  const encoder = new TextEncoder();
  const replayed = new Map(
    Array.from(answers, ([key, { status, contentType, body }]) => [
      key,
      { status, headers: { 'content-type': contentType }, bytes: encoder.encode(body) },
    ]),
  );
  return async (input, init) => {
    const known = replayed.get(keyOf(input, init));
    if (known === undefined) throw new Error(`no answer was recorded to ${keyOf(input, init)}`);
    return new Response(known.bytes, known);
  };
}

function keyOf(input: Parameters<typeof fetch>[0], init: RequestInit | undefined): string {
  return `${init?.method ?? 'GET'} ${input instanceof Request ? input.url : String(input)}`;
}

function ciphertextSizes(answers: ReadonlyMap<string, RecordedAnswer>): readonly number[] {
  return [...answers]
    .filter(([key]) => key.includes('/changes'))
    .flatMap(([, { body }]) => {
      const page = JSON.parse(body) as { readonly entries: readonly { readonly ciphertext: string }[] };
      return page.entries.map(({ ciphertext }) => Math.floor((ciphertext.length * 3) / 4));
    });
}
