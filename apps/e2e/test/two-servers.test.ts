/** Two processes of the server on one PostgreSQL and one Redis are one server, whichever a client talks to. */
import { randomBytes, randomUUID } from 'node:crypto';
import { AuthError, createVaultClient, memoryStorage, type SyncReport, type VaultClient } from '@zkvault/sdk';
import { nativeKdf } from '@zkvault/sdk/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findRedis, startRedis, type TemporaryRedis } from '../../server/test/temporary-redis.ts';
import { makePostgresDatabase } from '../../server/test/test-database.ts';
import { makeDataDirectory, type ServerProcess, startServer } from './server-process.ts';

const realm = 'vault.example.com';
const password = 'seven cats juggle 42 turnips';
const eventually = { timeout: 20_000 } as const;
const program = await findRedis();

/** A client, and what a person with its device could read of it. */
interface Device {
  readonly client: VaultClient;
  /** Its newest access token. */
  token(): string;
}

/** A client that watches, on the other server than the one where things happen. */
interface Watch {
  readonly reports: SyncReport[];
  readonly end: Promise<unknown>;
  stop(): void;
}

describe.skipIf(program === undefined)('two servers (need a redis-server, or Debian’s archive)', () => {
  let redis: TemporaryRedis;
  let database: Awaited<ReturnType<typeof makePostgresDatabase>>;
  let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
  let one: ServerProcess;
  let other: ServerProcess;
  let ada: Device;

  beforeAll(async () => {
    if (program === undefined) return;
    redis = await startRedis(program);
    database = await makePostgresDatabase('migrated');
    directory = await makeDataDirectory();
    const env = {
      REDIS_URL: redis.url,
      JWT_SECRET: randomBytes(32).toString('hex'),
      SERVER_KEYS: `test:${randomBytes(32).toString('base64url')}`,
      ADMIN_LOGIN: 'ada@example.com',
      LOGIN_RATE_LIMIT: '40/hour',
    };
    const start = (): Promise<ServerProcess> =>
      startServer({ dataDirectory: directory.path, databaseUrl: database.url }, env);
    one = await start();
    other = await start();
    ada = deviceOf(one);
    await ada.client.register({ login: 'ada@example.com', password, secretKey: 'none' });
    await ada.client.login({ login: 'ada@example.com', password });
  }, 240_000);
  afterAll(async () => {
    await one.stop();
    await other.stop();
    await redis.kill();
    await database.remove();
    await directory.remove();
  }, 120_000);

  function deviceOf({ baseUrl }: ServerProcess): Device {
    let token = '';
    const client = createVaultClient({
      baseUrl,
      realm,
      storage: memoryStorage(),
      kdf: nativeKdf,
      timeoutMs: 60_000,
      fetch: (url, init) => {
        token = new Headers(init.headers).get('authorization') ?? token;
        return fetch(url, init);
      },
    });
    return { client, token: () => token };
  }

  /** An account with a device on each server; the one on the other server watches. */
  async function givenPerson() {
    const login = `user-${randomUUID().slice(0, 8)}`;
    const [laptop, phone] = [deviceOf(one), deviceOf(other)];
    const { accountId } = await laptop.client.register({ login, password, secretKey: 'none' });
    for (const { client } of [laptop, phone]) await client.login({ login, password });
    const watch = watchOf(phone);
    await expect.poll(() => watch.reports.length, eventually).toBe(1);
    return { login, accountId, laptop, phone, watch };
  }

  function watchOf({ client }: Device): Watch {
    const aborter = new AbortController();
    const reports: SyncReport[] = [];
    const onChange = (report: SyncReport): void => void reports.push(report);
    const end = client.watch({ signal: aborter.signal, onChange }).catch((error: unknown) => error);
    return { reports, end, stop: () => aborter.abort(new Error('stopped')) };
  }

  const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => undefined,
      (error: unknown) => error,
    );

  it('tell each other what was written', async () => {
    const { laptop, phone, watch } = await givenPerson();

    const { id } = await laptop.client.entries.create({ type: 'note', title: 'told' });

    await expect.poll(() => watch.reports.at(-1)?.added, eventually).toBe(1);
    expect(await phone.client.entries.get(id)).toMatchObject({ title: 'told' });
    watch.stop();
    expect(await watch.end).toMatchObject({ message: 'stopped' });
  });

  it('end a session on both when it ends on one', async () => {
    const { phone, watch } = await givenPerson();

    const logout = await fetch(`${one.baseUrl}/api/v1/auth/logout`, {
      method: 'POST',
      headers: { authorization: phone.token(), 'content-type': 'application/json' },
      body: '{}',
    });
    const error = await failureOf(phone.client.sync());

    expect(logout.status).toBe(204);
    expect(error).toBeInstanceOf(AuthError);
    expect(await watch.end).toBeInstanceOf(AuthError);
  });

  it('know a changed role on both', async () => {
    const { accountId, phone, watch } = await givenPerson();

    await ada.client.users.setRole(accountId, 'viewer');
    const refused = await failureOf(phone.client.entries.create({ type: 'note', title: 'no' }));

    expect(refused).toMatchObject({ name: 'AuthError', code: 'insufficient-permission' });
    // A viewer may read: its stream was ended, and opened again with a new token.
    await ada.client.users.setRole(accountId, 'user');
    await phone.client.entries.create({ type: 'note', title: 'yes' });
    watch.stop();
    expect(await watch.end).toMatchObject({ message: 'stopped' });
  });

  it('know a deleted account on neither', async () => {
    const { accountId, login, phone, watch } = await givenPerson();

    await ada.client.users.delete(accountId);

    expect(await failureOf(phone.client.sync())).toBeInstanceOf(AuthError);
    expect(await watch.end).toBeInstanceOf(AuthError);
    expect(await failureOf(deviceOf(other).client.login({ login, password }))).toBeInstanceOf(AuthError);
  });

  it('lock a login on both when it was guessed at on both', async () => {
    const { login, watch } = await givenPerson();
    watch.stop();
    const guess = ({ baseUrl }: ServerProcess): Promise<Response> =>
      fetch(`${baseUrl}/api/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          login,
          authKey: randomBytes(32).toString('base64url'),
          transport: 'body',
          device: { id: randomUUID(), name: 'a guess' },
        }),
      });

    const statuses: number[] = [];
    for (const server of [one, other, one, other, one]) statuses.push((await guess(server)).status);
    const right = [
      await failureOf(deviceOf(one).client.login({ login, password })),
      await failureOf(deviceOf(other).client.login({ login, password })),
    ];

    expect(statuses).toEqual([401, 401, 401, 401, 401]);
    for (const error of right)
      expect(error).toMatchObject({ name: 'AuthError', code: 'invalid-credentials' });
  });

  it('count requests together', async () => {
    const left: number[] = [];
    const ask = ({ baseUrl }: ServerProcess): Promise<Response> =>
      fetch(`${baseUrl}/api/v1/auth/login`, { method: 'POST' });
    const readLeft = (response: Response): number =>
      Number(/;r=(\d+)/.exec(response.headers.get('ratelimit') ?? '')?.[1]);

    let last = await ask(one);
    for (let turn = 0; last.status !== 429 && turn < 50; turn += 1) {
      left.push(readLeft(last));
      last = await ask(turn % 2 === 0 ? other : one);
    }

    expect(left).toEqual(left.map((_, index) => left.length - 1 - index));
    expect(left.length).toBeGreaterThan(2);
    expect([(await ask(one)).status, (await ask(other)).status]).toEqual([429, 429]);
  });
});
