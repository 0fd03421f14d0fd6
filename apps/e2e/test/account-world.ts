/** @file The SDK against the real server in one process, with the means to lose and to forge its answers. */
import { createHash } from 'node:crypto';
import {
  createVaultClient,
  memoryStorage,
  type Storage,
  type VaultClient,
  type VaultClientOptions,
} from '@zkvault/sdk';
import { allRoutes } from '../../../packages/contract/src/index.ts';
import { readRows, writeRows } from '../../server/test/database-copy.ts';
import { startTestServer, type TestServer } from '../../server/test/test-server.ts';

export const LOGIN = 'ada@example.com';
export const PASSWORD = 'violet harbour engine 1843 plover';
export const NEW_PASSWORD = 'copper meadow lantern 77 ostrich';

/** What happens to one request of an operation; each is done once and forgotten. */
export interface Mishap {
  readonly operationId: string;
  /** `before`: it never arrives. `after`: its answer never arrives. `dropped`: it is answered and not done. */
  readonly how: 'before' | 'after' | { readonly dropped: object } | { readonly lie: (body: never) => object };
}

/** One request, as the server saw it. */
export interface Sent {
  readonly operationId: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A registered and logged-in device, as it is put back before every test. */
export interface Beginning {
  readonly secretKey: string;
  readonly recoveryKey: string;
  /** A storage of that device, its own each time. */
  restore(): Promise<Storage>;
}

/** A server, and clients of it. */
export interface World {
  readonly server: TestServer;
  readonly sent: Sent[];
  /** What is to happen to the next requests of an operation. */
  readonly mishaps: Mishap[];
  /** A device with a cheap password hash. */
  client(storage?: Storage): VaultClient;
  /** Registers an account with one entry and logs it in, once: every test begins with a copy of that. */
  begin(recovery: 'generate' | 'none'): Promise<Beginning>;
  /** Forgets failed logins. */
  forgive(): Promise<void>;
  /** Forgets every account. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

const cheapKdf: NonNullable<VaultClientOptions['kdf']> = {
  argon2id: async ({ password, salt, memoryKib }) =>
    new Uint8Array(createHash('sha256').update(password).update(salt).update(`${memoryKib}`).digest()),
};

function storageOf(values: Map<string, Uint8Array>): Storage {
  return {
    get: async (key) => values.get(key)?.slice(),
    set: async (key, value) => void values.set(key, value.slice()),
    delete: async (key) => void values.delete(key),
  };
}

/** Starts it. */
export async function startWorld(): Promise<World> {
  const server = await startTestServer();
  const sent: Sent[] = [];
  const mishaps: Mishap[] = [];
  const inject = async (url: URL, init: RequestInit): Promise<Response> => {
    const response = await server.app.inject({
      method: init.method as 'GET' | 'POST' | 'PUT' | 'DELETE',
      url: `${url.pathname}${url.search}`,
      headers: init.headers as Record<string, string>,
      ...(init.body === undefined ? {} : { payload: init.body as string }),
    });
    const contentType = response.headers['content-type'];
    return new Response(response.statusCode === 204 ? null : response.body, {
      status: response.statusCode,
      headers: typeof contentType === 'string' ? { 'content-type': contentType } : {},
    });
  };
  const fetch = async (text: string, init: RequestInit): Promise<Response> => {
    const url = new URL(text);
    const operationId = operationOf(init.method ?? 'GET', url.pathname);
    const body = JSON.parse((init.body as string | undefined) ?? '{}') as Sent['body'];
    sent.push({ operationId, body });
    const at = mishaps.findIndex((mishap) => mishap.operationId === operationId);
    const how = at === -1 ? undefined : mishaps.splice(at, 1)[0]?.how;
    if (how === 'before') throw new TypeError('the network is down');
    if (typeof how === 'object' && 'dropped' in how) return Response.json(how.dropped);
    const response = await inject(url, init);
    if (how === 'after') throw new TypeError('the network is down');
    if (how === undefined || !response.ok) return response;
    return Response.json(how.lie((await response.json()) as never), { status: response.status });
  };
  const makeClient = (storage: Storage): VaultClient =>
    createVaultClient({ baseUrl: 'https://vault.example', storage, fetch, kdf: cheapKdf });
  const clear = async (): Promise<void> => {
    await server.db.deleteFrom('users').execute();
    await server.db.deleteFrom('login_failures').execute();
    sent.length = 0;
    mishaps.length = 0;
  };
  return {
    server,
    sent,
    mishaps,
    client: (storage = memoryStorage()) => makeClient(storage),
    async begin(recovery) {
      const values = new Map<string, Uint8Array>();
      const client = makeClient(storageOf(values));
      const { secretKey, recoveryKey } = await client.register({
        login: LOGIN,
        password: PASSWORD,
        recovery,
      });
      await client.login({ login: LOGIN, password: PASSWORD });
      await client.entries.create({ type: 'note', title: 'kept' });
      const rows = await readRows(server.db);
      return {
        secretKey: secretKey ?? '',
        recoveryKey: recoveryKey ?? '',
        async restore() {
          await clear();
          await writeRows(server.db, rows);
          return storageOf(new Map(values));
        },
      };
    },
    forgive: async () => void (await server.db.deleteFrom('login_failures').execute()),
    clear,
    close: () => server.close(),
  };
}

function operationOf(method: string, path: string): string {
  const route = allRoutes.find(
    (candidate) =>
      candidate.method === method &&
      new RegExp(`^${candidate.path.replaceAll(/:\w+/g, '[^/]+')}$`).test(path),
  );
  if (route === undefined) throw new Error(`no route for ${method} ${path}`);
  return route.operationId;
}

/** What a call fails with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const failure = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof Error)) throw new Error('the call was expected to fail');
  return failure;
}
