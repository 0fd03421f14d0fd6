import type { Problem, ServerSettings } from '@zkvault/contract';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AuthClient, authClient, someBytes } from '../../../test/auth-client.ts';
import { startTestServer, type TestAccount, type TestServer } from '../../../test/test-server.ts';
import { mustBe } from '../../../test/vault-api.ts';

let server: TestServer;
let client: AuthClient;
let as: TestAccount;

beforeAll(async () => {
  server = await startTestServer();
  client = authClient(server.app);
  as = await server.givenAccount('admin');
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.db.deleteFrom('server_settings').execute();
});

const read = async () =>
  mustBe(200, await server.send({ url: '/api/v1/admin/config', as })).json<ServerSettings>();
const change = (payload: object) => server.send({ method: 'POST', url: '/api/v1/admin/config', payload, as });
const set = async (payload: object) => mustBe(200, await change(payload)).json<ServerSettings>();

const advice = { minLength: 20, minScore: 4, requireClasses: true };

describe('the settings', () => {
  it("are the environment's until somebody decides otherwise", async () => {
    expect(await read()).toEqual({
      registration: 'open',
      password: { minLength: 12, minScore: 3, requireClasses: false },
      lockout: { maxFailedLogins: 5, minutes: 15 },
      rateLimits: { default: 'off', session: 'off', login: 'off', register: 'off', refresh: 'off' },
    });
  });

  it('stay where a change leaves them out, and go back to the environment with null', async () => {
    await set({ registration: 'invitation', password: advice, rateLimits: { login: '7/hour' } });
    const more = await set({ lockout: { maxFailedLogins: 3, minutes: 60 } });
    const less = await set({ registration: null, password: null, rateLimits: { login: null } });

    expect(more).toEqual({
      registration: 'invitation',
      password: advice,
      lockout: { maxFailedLogins: 3, minutes: 60 },
      rateLimits: { default: 'off', session: 'off', login: '7/hour', register: 'off', refresh: 'off' },
    });
    expect(less).toEqual({
      ...more,
      registration: 'open',
      password: expect.anything(),
      rateLimits: expect.objectContaining({ login: 'off' }),
    });
    expect(await read()).toEqual(less);
    expect(await set({})).toEqual(less);
  });

  it('are told in the audit log and in the log, as what was set', async () => {
    const wish = {
      registration: 'invitation',
      password: null,
      lockout: { maxFailedLogins: 4, minutes: 5 },
      rateLimits: { login: '7/hour', session: null },
    };
    await set(wish);

    const { items } = mustBe(
      200,
      await server.send({ url: '/api/v1/admin/audit?action=settings-changed&limit=1', as }),
    ).json<{ items: { details: object }[] }>();
    expect(items[0]?.details).toEqual({
      registration: 'invitation',
      passwordAdvice: 'default',
      lockout: '4-5',
      limitLogin: '7-hour',
      limitSession: 'default',
    });
    expect(server.logLines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({
        event: 'authorization_event',
        action: 'change-settings',
        actor_id: as.userId,
        settings: JSON.stringify(wish),
      }),
    );
  });

  it.for([
    ['password', { minLength: 11, minScore: 3, requireClasses: false }, 422],
    ['password', { minLength: 12, minScore: 0, requireClasses: false }, 200],
    ['password', { minLength: 1_024, minScore: 4, requireClasses: true }, 200],
    ['password', { minLength: 1_025, minScore: 4, requireClasses: true }, 422],
    ['password', { minLength: 12, minScore: 5, requireClasses: true }, 422],
    ['password', { minLength: 12 }, 422],
    ['lockout', { maxFailedLogins: 0, minutes: 15 }, 422],
    ['lockout', { maxFailedLogins: 1, minutes: 1 }, 200],
    ['lockout', { maxFailedLogins: 100, minutes: 1_440 }, 200],
    ['lockout', { maxFailedLogins: 101, minutes: 15 }, 422],
    ['lockout', { maxFailedLogins: 5, minutes: 0 }, 422],
    ['lockout', { maxFailedLogins: 5, minutes: 1_441 }, 422],
    ['rateLimits', { login: '0/minute' }, 422],
    ['rateLimits', { login: '1/second' }, 200],
    ['rateLimits', { default: '999999/hour', session: '1000000/minute' }, 200],
    ['rateLimits', { login: '1000001/minute' }, 422],
    ['rateLimits', { login: '5/day' }, 422],
    ['rateLimits', { login: 'off' }, 200],
    ['rateLimits', { logins: '5/minute' }, 422],
    ['registration', 'closed', 422],
  ] as const)('%s %j is answered with %i', async ([name, value, status]) => {
    expect((await change({ [name]: value })).statusCode).toBe(status);
  });
});

describe('registration', () => {
  it('is by invitation from the next request on, and open again', async () => {
    const register = () => client.post('/api/v1/auth/register', client.registration());

    await set({ registration: 'invitation' });
    const closed = [await register(), await server.send({ url: '/api/v1/auth/policy' })];
    await set({ registration: 'open' });
    const open = await register();

    expect(closed[0]?.json<Problem>().code).toBe('registration-refused');
    expect(closed[1]?.json()).toMatchObject({ registration: 'invitation' });
    expect(open.statusCode).toBe(201);
  });

  it('can be opened where the environment says invitation', async () => {
    const closed = await startTestServer({ settings: { registration: 'invitation' } });
    const admin = await closed.givenAccount('admin');
    const closedClient = authClient(closed.app);
    const register = () => closedClient.post('/api/v1/auth/register', closedClient.registration());

    const before = await register();
    await closed.send({
      method: 'POST',
      url: '/api/v1/admin/config',
      payload: { registration: 'open' },
      as: admin,
    });
    const after = await register();
    await closed.close();

    expect([before.statusCode, after.statusCode]).toEqual([400, 201]);
  });
});

describe('the password advice', () => {
  it('is what an administrator says', async () => {
    await set({ password: advice });

    const policy = await server.send({ url: '/api/v1/auth/policy' });

    expect(policy.json()).toMatchObject({ password: advice });
  });
});

describe('a limit', () => {
  it('of requests holds from the next request on', async () => {
    const ada = await server.givenAccount();
    await set({ rateLimits: { session: '2/minute' } });
    const answers = [];
    for (let count = 0; count < 3; count += 1)
      answers.push(await server.send({ url: '/api/v1/users/me', as: ada }));
    await server.db.deleteFrom('server_settings').execute();

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 429]);
    expect(answers[2]?.headers['ratelimit-policy']).toBe('"session";q=2;w=60');
  });

  it('of failed logins holds from the next attempt on', async () => {
    const fresh = await startTestServer();
    const admin = await fresh.givenAccount('admin');
    const people = authClient(fresh.app);
    const ada = await people.givenAccount();
    await fresh.send({
      method: 'POST',
      url: '/api/v1/admin/config',
      payload: { lockout: { maxFailedLogins: 1, minutes: 1 } },
      as: admin,
    });

    const logIn = (authKey: string) =>
      people.post('/api/v1/auth/login', people.loginBody({ ...ada, authKey }));
    const before = await logIn(ada.authKey);
    await logIn(someBytes(32));
    const locked = await logIn(ada.authKey);
    await fresh.close();

    expect([before.statusCode, locked.statusCode]).toEqual([200, 401]);
  });
});
