/** @file What tests begin with: a fake server, devices of one person, and what must hold after an attack. */
import { expect } from 'vitest';
import { createVaultClient } from '../src/client.ts';
import type { Entry } from '../src/entry-kinds.ts';
import type { Fetch, VaultClientOptions } from '../src/options.ts';
import { type InsecureKdf, makeInsecureKdf } from '../src/testing/insecure-kdf.ts';
import { type InspectableStorage, inspectableStorage } from '../src/testing/inspectable-storage.ts';
import type { VaultClient } from '../src/vault-client.ts';
import { type FakeServer, type FakeVault, makeFakeServer, type State } from './fake-server.ts';

export const LOGIN: string = 'ada@example.com';
export const PASSWORD: string = 'violet harbour engine 1843 plover';
/** Stands in every entry of these tests; must never be in an error or in clear on the wire. */
export const CANARY = 'canary-7f3a';

/** One device: a client and what it stores. */
export interface Device {
  readonly client: VaultClient;
  readonly storage: InspectableStorage;
  readonly kdf: InsecureKdf;
}

export function makeDevice(server: FakeServer, options: Partial<VaultClientOptions> = {}): Device {
  const storage = (options.storage as InspectableStorage | undefined) ?? inspectableStorage();
  const kdf = makeInsecureKdf();
  const client = createVaultClient({
    baseUrl: 'https://vault.example',
    fetch: server.fetch,
    kdf,
    passwordPolicy: { minLength: 12, minScore: 0, requireClasses: false },
    ...options,
    storage,
  });
  return { client, storage, kdf };
}

/** A registered person with one logged-in device. */
export interface World {
  readonly server: FakeServer;
  readonly device: Device;
  readonly secretKey: string;
  /** A device without any memory that logs in with the Secret Key. */
  freshDevice(options?: Partial<VaultClientOptions>): Promise<Device>;
}

/** @param fetchOf what stands between the devices and the server; nothing, if left out. */
export async function givenWorld(
  options: Partial<VaultClientOptions> = {},
  fetchOf: (server: FakeServer) => Fetch = (server) => server.fetch,
): Promise<World> {
  const server = makeFakeServer();
  const fetch = fetchOf(server);
  const device = makeDevice(server, { fetch, ...options });
  const secretKey = await givenAccount(server, device, options);
  await device.client.login({ login: LOGIN, password: PASSWORD });
  return {
    server,
    device,
    secretKey,
    async freshDevice(more = {}) {
      const fresh = makeDevice(server, { fetch, ...more });
      await fresh.client.login({ login: LOGIN, password: PASSWORD, secretKey });
      return fresh;
    },
  };
}

interface Registered {
  readonly state: State;
  readonly stored: ReadonlyMap<string, Uint8Array>;
  readonly secretKey: string;
}

let registered: Promise<Registered> | undefined;

/** Registers once and copies what came of it: judging the strength of a password takes its time. */
async function givenAccount(
  server: FakeServer,
  device: Device,
  options: Partial<VaultClientOptions>,
): Promise<string> {
  if (options.allowedProfiles !== undefined) return register(device);
  registered ??= (async () => {
    const first = makeFakeServer();
    const firstDevice = makeDevice(first);
    const secretKey = await register(firstDevice);
    return { state: first.snapshot(), stored: firstDevice.storage.values, secretKey };
  })();
  const { state, stored, secretKey } = await registered;
  server.restore(state);
  for (const [key, value] of stored) device.storage.values.set(key, value.slice());
  return secretKey;
}

async function register({ client }: Device): Promise<string> {
  const { secretKey } = await client.register({ login: LOGIN, password: PASSWORD });
  return secretKey!;
}

/** Creates entries with the canary, titled by the names. */
export async function givenEntries(
  { client }: Device,
  ...titles: readonly string[]
): Promise<readonly Entry[]> {
  return client.entries.createMany(
    titles.map((title) => ({ type: 'login', title, password: `${CANARY}-${title}` }) as const),
  );
}

/** The only vault of the only account. */
export function vaultOf(server: FakeServer): FakeVault {
  const account = [...server.state.accounts.values()][0]!;
  return [...account.vaults.values()][0]!;
}

/**
 * Expects an attacked call to fail, and what must hold then: the pins are as before, no later call
 * shows anything or sends anything, and no error says anything of what is inside.
 */
export async function expectRefused(
  { server }: Pick<World, 'server'>,
  { client, storage }: Device,
  attacked: () => Promise<unknown>,
  refusal: abstract new (...args: never[]) => Error,
): Promise<void> {
  const pinsBefore = pinsOf(storage);

  const error = await failureOf(attacked());

  expect(error).toBeInstanceOf(refusal);
  expect(`${error.name} ${error.message} ${JSON.stringify(error)}`).not.toContain(CANARY);
  expect(pinsOf(storage)).toEqual(pinsBefore);
  const sent = server.requests.length;
  const shown = await Promise.allSettled([
    client.entries.list(),
    client.sync(),
    client.entries.create({ type: 'note', title: 'later' }),
  ]);
  expect(shown.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(server.requests.length).toBe(sent);
}

export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) throw new Error('the call was expected to fail');
  return outcome;
}

export function pinsOf(storage: InspectableStorage): Uint8Array | undefined {
  const key = [...storage.values.keys()].find((candidate) => candidate.endsWith('.pins'));
  return key === undefined ? undefined : storage.values.get(key);
}
