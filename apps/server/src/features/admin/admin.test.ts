import { randomUUID } from 'node:crypto';
import type { LoginAnswer, Problem, Role, Stats, Tokens, User } from '@zkvault/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthClient, authClient } from '../../../test/auth-client.ts';
import { startTestServer, type TestAccount, type TestServer } from '../../../test/test-server.ts';
import { mustBe, vaultApi, withoutRequestId } from '../../../test/vault-api.ts';
import { anEnvelope } from '../../../test/vault-values.ts';

let server: TestServer;
let client: AuthClient;
let admin: TestAccount;
let moderator: TestAccount;
beforeAll(async () => {
  server = await startTestServer();
  client = authClient(server.app);
  admin = await server.givenAccount('admin');
  moderator = await server.givenAccount('moderator');
});
afterAll(() => server.close());

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
const ask = (method: Method, path: string, as: TestAccount, payload?: object) =>
  server.send({ method, url: `/api/v1${path}`, as, ...(payload === undefined ? {} : { payload }) });
const change = (id: string, payload: object, as = admin) => ask('PUT', `/users/${id}`, as, payload);
const codeOf = (response: Awaited<ReturnType<typeof ask>>) => response.json<Problem>().code;

/** Logs an account in that came by registration. */
async function givenPerson(): Promise<LoginAnswer & { refreshToken: string } & TestAccount> {
  const answer = await client.givenLogin(await client.givenAccount());
  return { ...answer, userId: answer.accountId, token: answer.accessToken };
}

describe('a changed role', () => {
  it('ends the access token at once, and a refresh goes on with the new role', async () => {
    const ada = await givenPerson();

    mustBe(200, await change(ada.userId, { role: 'moderator' }));
    const refused = await ask('GET', '/users', ada);
    const refreshed = mustBe(
      200,
      await client.post('/api/v1/auth/refresh', { refreshToken: ada.refreshToken }),
    );
    const { accessToken } = refreshed.json<Tokens>();
    const allowed = await ask('GET', '/users', { ...ada, token: accessToken });

    expect(codeOf(refused)).toBe('invalid-token');
    expect(allowed.statusCode).toBe(200);
  });

  it.for([
    ['moderator', 'user', 'moderator', 200],
    ['moderator', 'moderator', 'viewer', 200],
    ['moderator', 'user', 'admin', 403],
    ['moderator', 'admin', 'user', 403],
    ['admin', 'moderator', 'admin', 200],
    ['admin', 'admin', 'user', 200],
    ['user', 'viewer', 'user', 403],
    ['viewer', 'viewer', 'user', 403],
  ] satisfies [Role, Role, Role, number][])(
    'by a %s, from %s to %s, is answered with %i',
    async ([by, from, to, status]) => {
      const actor = await server.givenAccount(by);
      const subject = await server.givenAccount(from);

      const response = await change(subject.userId, { role: to }, actor);
      const { role } = mustBe(200, await ask('GET', `/users/${subject.userId}`, admin)).json<User>();

      expect(response.statusCode).toBe(status);
      expect(role).toBe(status === 200 ? to : from);
    },
  );

  it('cannot be one that raises oneself', async () => {
    expect(codeOf(await change(moderator.userId, { role: 'admin' }, moderator))).toBe(
      'insufficient-permission',
    );
  });

  it.for([[{ role: 'root' }], [{ role: null }], [{ isActive: 'no' }], [{ login: 'x' }]])(
    'is refused where it does not fit: %j',
    async ([payload]) => {
      expect((await change(moderator.userId, payload as object)).statusCode).toBe(422);
    },
  );

  it('of nobody is not found, and changes nothing where nothing is asked', async () => {
    const ada = await server.givenAccount();

    expect(codeOf(await change(randomUUID(), { role: 'user' }))).toBe('user-not-found');
    expect(mustBe(200, await change(ada.userId, {})).json<User>()).toMatchObject({
      role: 'user',
      isActive: true,
    });
  });

  it('is logged with who did it and to whom', async () => {
    const ada = await server.givenAccount();
    await change(ada.userId, { role: 'viewer' });

    const events = server.logLines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events).toContainEqual(
      expect.objectContaining({
        event: 'authorization_event',
        action: 'change-user',
        actor_id: admin.userId,
        subject_id: ada.userId,
        role: 'viewer',
        is_active: true,
      }),
    );
  });
});

describe('a stopped account', () => {
  it('has no session, no refresh and no login, and its old sessions do not come back with it', async () => {
    const credentials = await client.givenAccount();
    const { accessToken, refreshToken, accountId } = await client.givenLogin(credentials);
    const ada = { userId: accountId, sessionId: '', token: accessToken };

    mustBe(200, await change(accountId, { isActive: false }));
    const stopped = [
      await ask('GET', '/users/me', ada),
      await client.post('/api/v1/auth/refresh', { refreshToken }),
      await client.post('/api/v1/auth/login', client.loginBody(credentials)),
    ];
    mustBe(200, await change(accountId, { isActive: true }));
    const started = [
      await ask('GET', '/users/me', ada),
      await client.post('/api/v1/auth/refresh', { refreshToken }),
      await client.post('/api/v1/auth/login', client.loginBody(credentials)),
    ];

    expect(stopped.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401]);
    expect(started.map(({ statusCode }) => statusCode)).toEqual([401, 401, 200]);
  });
});

describe('a deleted account', () => {
  it('takes its sessions, vaults and entries with it, at once', async () => {
    const ada = await givenPerson();
    const api = vaultApi(server, ada);
    const entry = mustBe(201, await api.call('POST', '/entries', { payload: anEnvelope() })).json<{
      id: string;
    }>();

    mustBe(204, await ask('DELETE', `/users/${ada.userId}`, admin));

    expect(codeOf(await ask('GET', '/users/me', ada))).toBe('invalid-token');
    expect((await client.post('/api/v1/auth/refresh', { refreshToken: ada.refreshToken })).statusCode).toBe(
      401,
    );
    expect(codeOf(await ask('DELETE', `/users/${ada.userId}`, admin))).toBe('user-not-found');
    const left = await Promise.all([
      server.db.selectFrom('vaults').select('id').where('owner_id', '=', ada.userId).execute(),
      server.db.selectFrom('sessions').select('id').where('user_id', '=', ada.userId).execute(),
      server.db.selectFrom('entries').select('id').where('id', '=', entry.id).execute(),
    ]);
    expect(left).toEqual([[], [], []]);
  });

  it("is never one's own, and never anybody's for who may not", async () => {
    const own = await ask('DELETE', `/users/${admin.userId}`, admin);
    const headers = { 'x-request-id': randomUUID() };
    const url = (id: string) => `/api/v1/users/${id}`;
    const foreign = await server.send({ method: 'DELETE', url: url(admin.userId), as: moderator, headers });
    const absent = await server.send({ method: 'DELETE', url: url(randomUUID()), as: moderator, headers });

    expect(own.statusCode).toBe(400);
    expect(codeOf(own)).toBe('own-account');
    expect(foreign.statusCode).toBe(403);
    expect(withoutRequestId(foreign)).toEqual(withoutRequestId(absent));
  });
});

describe('the last administrator', () => {
  it('stays one', async () => {
    const alone = await startTestServer();
    const [first, second] = [await alone.givenAccount('admin'), await alone.givenAccount('admin')];
    const put = (id: string, payload: object, as: TestAccount) =>
      alone.send({ method: 'PUT', url: `/api/v1/users/${id}`, payload, as });

    mustBe(200, await put(second.userId, { isActive: false }, first));
    const attempts = [
      await put(first.userId, { role: 'user' }, first),
      await put(first.userId, { isActive: false }, first),
    ];
    mustBe(200, await put(second.userId, { isActive: true }, first));
    const freed = await put(first.userId, { role: 'user' }, first);
    await alone.close();

    for (const attempt of attempts) {
      expect(attempt.statusCode).toBe(409);
      expect(codeOf(attempt)).toBe('last-administrator');
    }
    expect(freed.statusCode).toBe(200);
  });
});

describe('the counts', () => {
  it('follow what is there, and name nobody', async () => {
    const counted = await startTestServer();
    const [root, ada] = [await counted.givenAccount('admin'), await counted.givenAccount()];
    await counted.givenAccount('viewer');
    const api = vaultApi(counted, ada);
    await api.givenVault('none');
    mustBe(201, await api.call('POST', '/entries', { payload: anEnvelope() }));
    const as = root;
    await counted.send({ method: 'POST', url: '/api/v1/users', payload: {}, as });
    await counted.send({
      method: 'PUT',
      url: `/api/v1/users/${ada.userId}`,
      payload: { isActive: false },
      as,
    });

    const stats = (await counted.send({ method: 'GET', url: '/api/v1/admin/stats', as })).json<Stats>();
    await counted.close();

    expect(stats).toEqual({
      users: { total: 3, active: 2, byRole: { admin: 1, moderator: 0, user: 1, viewer: 1 } },
      sessions: { live: 2 },
      vaults: { total: 1 },
      entries: { total: 1 },
      invitations: { open: 1 },
    });
  });
});
