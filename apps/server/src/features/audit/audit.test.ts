import { randomUUID } from 'node:crypto';
import type { AuditEvent, Problem } from '@zkvault/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actionsOf, auditRows } from '../../../test/audit-rows.ts';
import { type AuthClient, authClient, someBytes } from '../../../test/auth-client.ts';
import {
  startTestServer,
  type TestAccount,
  type TestServer,
  testKeyRing,
} from '../../../test/test-server.ts';
import { makeAudit } from './service.ts';
import { verifyAudit } from './verify-service.ts';

let server: TestServer;
let client: AuthClient;

beforeAll(async () => {
  server = await startTestServer();
  client = authClient(server.app);
});
afterAll(() => server.close());

interface Page {
  readonly items: AuditEvent[];
  readonly nextCursor: string | null;
}

async function ownEvents(accessToken: string, query = ''): Promise<Page> {
  const response = await server.app.inject({
    url: `/api/v1/users/me/security-events${query}`,
    headers: { authorization: `Bearer ${accessToken}` },
  });
  expect(response.statusCode).toBe(200);
  return response.json<Page>();
}

async function allEvents(as: TestAccount, query: string): Promise<Page> {
  const response = await server.send({ url: `/api/v1/admin/audit${query}`, as });
  expect(response.statusCode, response.body).toBe(200);
  return response.json<Page>();
}

async function failLogin(login: string, times = 1): Promise<void> {
  for (let count = 0; count < times; count += 1)
    await client.post('/api/v1/auth/login', client.loginBody({ login, authKey: someBytes(32) }));
}

describe('what is recorded', () => {
  it('a failed login is of its account, without an actor; the reason is told', async () => {
    const account = await client.givenAccount();

    await failLogin(account.login);

    const [, failure] = (await auditRows(server.db)).filter(
      (row) => row.subject_user_id === account.accountId,
    );
    expect(failure).toMatchObject({
      action: 'login',
      outcome: 'failure',
      actor_user_id: null,
      session_id: null,
      details: { reason: 'wrong-key' },
    });
  });

  it.for([4, 5, 6])('a lockout is recorded once, with the fifth failure: after %i', async (failures) => {
    const account = await client.givenAccount();

    await failLogin(account.login, failures);

    const actions = await actionsOf(server.db, account.accountId);
    expect(actions.filter((action) => action === 'lockout')).toHaveLength(failures >= 5 ? 1 : 0);
    expect(actions.filter((action) => action === 'login failed')).toHaveLength(failures);
  });

  it('a login that is nobody’s has a pseudonym: the same for the same one, and not the login', async () => {
    const login = `nobody-${randomUUID().slice(0, 8)}`;
    const before = (await auditRows(server.db)).length;

    await failLogin(login, 6);

    const rows = (await auditRows(server.db)).filter(({ subject_user_id: id }) => id === null);
    const pseudonyms = new Set(rows.map(({ details }) => details.login));
    expect((await auditRows(server.db)).length - before).toBe(7);
    expect(rows.map(({ action }) => action).filter((action) => action === 'lockout')).toHaveLength(1);
    expect([...pseudonyms]).toEqual([expect.stringMatching(/^[\w-]{22}$/)]);
    expect(JSON.stringify(rows)).not.toContain(login);
  });

  it('a wrong present key at a rekey counts towards the lockout', async () => {
    const account = await client.givenAccount();
    const session = await client.givenLogin(account);
    const body = { authKey: someBytes(32), newProfile: 1, newSalt: someBytes(16), newAuthKey: someBytes(32) };
    const headers = { authorization: `Bearer ${session.accessToken}` };

    for (let count = 0; count < 5; count += 1) await client.post('/api/v1/auth/rekey', body, headers);

    expect(await actionsOf(server.db, account.accountId)).toEqual([
      'register',
      'login',
      ...Array.from({ length: 5 }, () => 'key-proof failed'),
      'lockout',
    ]);
  });

  it('a reused refresh token is recorded with its session, a retry and a second logout are not', async () => {
    const account = await client.givenAccount();
    const { refreshToken, sessionId } = await client.givenLogin(account);
    await client.post('/api/v1/auth/refresh', { refreshToken });

    await client.post('/api/v1/auth/refresh', { refreshToken });

    await client.post('/api/v1/auth/refresh', { refreshToken });
    await client.post('/api/v1/auth/logout', { refreshToken });
    expect(await actionsOf(server.db, account.accountId)).toEqual([
      'register',
      'login',
      'refresh-reuse failed',
    ]);
    expect((await auditRows(server.db)).find(({ action }) => action === 'refresh-reuse')).toMatchObject({
      session_id: sessionId,
      actor_user_id: null,
    });
  });
});

describe('security events', () => {
  it('are the caller’s own, newest first, page by page', async () => {
    const account = await client.givenAccount();
    await failLogin(account.login, 2);
    const { accessToken, sessionId } = await client.givenLogin(account);
    const other = await client.givenAccount();

    const whole = await ownEvents(accessToken);
    const pages: AuditEvent[] = [];
    let cursor: string | null = null;
    do {
      const page = await ownEvents(accessToken, `?limit=1${cursor === null ? '' : `&cursor=${cursor}`}`);
      expect(page.items).toHaveLength(1);
      pages.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);

    expect(whole.items.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'login success',
      'login failure',
      'login failure',
      'register success',
    ]);
    expect(whole.nextCursor).toBeNull();
    expect(whole.items[0]).toMatchObject({ actorId: account.accountId, sessionId });
    expect(pages).toEqual(whole.items);
    expect(JSON.stringify(whole)).not.toContain(other.accountId);
  });

  it('do not tell where somebody else was who changed the account', async () => {
    const { accountId, ...account } = await client.givenAccount();
    const { accessToken } = await client.givenLogin(account);
    const admin = await server.givenAccount('admin');
    const trail = makeAudit(testKeyRing).trailOf({
      ...admin,
      addressPrefix: '198.51.100.0/24',
      requestId: randomUUID(),
    });

    await trail.recordAlone(server.db, {
      action: 'session-revoked',
      outcome: 'success',
      subject: { userId: accountId },
    });

    const [event] = (await ownEvents(accessToken)).items;
    expect(event).toMatchObject({ actorId: admin.userId, addressPrefix: null, sessionId: null });
    const [seen] = (await allEvents(admin, `?subjectId=${accountId}`)).items;
    expect(seen).toMatchObject({ addressPrefix: '198.51.100.0/24', sessionId: admin.sessionId });
  });

  it.for(['', 'AAAA', 'A'.repeat(24), `_${'A'.repeat(23)}`, `${'A'.repeat(23)}_`, '%'])(
    'refuse the cursor %j, or find nothing before the beginning of time',
    async (cursor) => {
      const account = await client.givenAccount();
      const { accessToken } = await client.givenLogin(account);
      const response = await server.app.inject({
        url: `/api/v1/users/me/security-events?cursor=${encodeURIComponent(cursor)}`,
        headers: { authorization: `Bearer ${accessToken}` },
      });

      expect([200, 422]).toContain(response.statusCode);
      if (response.statusCode === 200) expect(response.json()).toEqual({ items: [], nextCursor: null });
    },
  );
});

describe('the audit log of an administrator', () => {
  it('is filtered by action, actor, subject and time', async () => {
    const admin = await server.givenAccount('admin');
    const account = await client.givenAccount();
    await failLogin(account.login);
    await client.givenLogin(account);
    const { items } = await allEvents(admin, `?subjectId=${account.accountId}`);
    const [login, failure, register] = items;
    const { accountId } = account;

    const of = async (query: string): Promise<(string | undefined)[]> =>
      (await allEvents(admin, `?${query}`)).items.map(({ id }) => id);

    expect(await of(`subjectId=${accountId}&action=register`)).toEqual([register?.id]);
    expect(await of(`actorId=${accountId}`)).toEqual([login?.id, register?.id]);
    expect(await of(`subjectId=${accountId}&to=${login?.occurredAt}`)).toEqual([failure?.id, register?.id]);
    expect(await of(`subjectId=${accountId}&from=${login?.occurredAt}`)).toEqual([login?.id]);
    expect(await of(`subjectId=${randomUUID()}`)).toEqual([]);
  });

  it.for(['moderator', 'user', 'viewer'] as const)('is closed to a %s', async (role) => {
    const as = await server.givenAccount(role);

    const response = await server.send({ url: '/api/v1/admin/audit', as });

    expect(response.statusCode).toBe(403);
  });

  it.for(['2026-02-31', '2026-04-31', '2100-02-29', '0000-01-01'])(
    'takes no day that the calendar does not have: %s',
    async (day) => {
      const as = await server.givenAccount('admin');

      const response = await server.send({ url: `/api/v1/admin/audit?to=${day}T00:00:00.000Z`, as });

      expect([response.statusCode, response.json<Problem>().errors?.[0]?.pointer]).toEqual([
        422,
        '/query/to',
      ]);
    },
  );

  it.for([
    ['0', 422],
    ['1', 200],
    ['200', 200],
    ['201', 422],
  ] as const)('has pages of 1 to 200: %s', async ([limit, status]) => {
    const as = await server.givenAccount('admin');

    const response = await server.send({ url: `/api/v1/admin/audit?limit=${limit}`, as });

    expect(response.statusCode).toBe(status);
  });
});

it('is whole after all of this', async () => {
  expect((await verifyAudit(server.db, testKeyRing)).faults).toEqual([]);
});
