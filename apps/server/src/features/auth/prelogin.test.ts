import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthClient, authClient } from '../../../test/auth-client.ts';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';
import { makeKeyRing } from '../../lib/key-ring.ts';
import { prelogin } from './service.ts';

const PRELOGIN = '/api/v1/auth/prelogin';

let server: TestServer;
let client: AuthClient;

beforeAll(async () => {
  server = await startTestServer();
  client = authClient(server.app);
});
afterAll(() => server.close());

describe('prelogin', () => {
  it('gives the salt and profile of an account, under any spelling of its login', async () => {
    const account = await client.givenAccount({ login: 'grace@example.com', profile: 3 });

    const response = await client.post(PRELOGIN, { login: ' GRACE@Example.COM ' });

    expect(response.json()).toEqual({ profile: 3, salt: account.salt });
  });

  it.for(['nobody', 'nobody@example.com', 'not a login', '🦊', 'admin'])(
    'answers for %s as for an account',
    async (login) => {
      const account = await client.givenAccount();
      const known = await client.post(PRELOGIN, { login: account.login });

      const first = await client.post(PRELOGIN, { login });
      const second = await client.post(PRELOGIN, { login });

      expect(first.statusCode).toBe(known.statusCode);
      expect(Object.keys(first.headers)).toEqual(Object.keys(known.headers));
      expect(first.headers['content-length']).toBe(known.headers['content-length']);
      expect(Object.keys(first.json<object>())).toEqual(Object.keys(known.json<object>()));
      expect(first.json<{ salt: string }>().salt).toMatch(/^[A-Za-z0-9_-]{21}[AQgw]$/);
      expect(second.body).toBe(first.body);
    },
  );

  it('gives every unknown login a salt of its own', async () => {
    const salts = await Promise.all(
      Array.from(
        { length: 100 },
        async (_, index) =>
          (await client.post(PRELOGIN, { login: `nobody-${index}` })).json<{ salt: string }>().salt,
      ),
    );

    expect(new Set(salts).size).toBe(100);
  });

  it('gives the same false salt after a new key is put into the ring', async () => {
    const old = { id: 'old', secret: new Uint8Array(32).fill(1) };
    const young = { id: 'young', secret: new Uint8Array(32).fill(2) };

    const before = await prelogin({ db: server.db, keyRing: makeKeyRing([old]) }, 'nobody');
    const after = await prelogin({ db: server.db, keyRing: makeKeyRing([young, old]) }, 'nobody');

    expect(after).toEqual(before);
  });
});

describe('the policy', () => {
  it('is advice that anybody may read', async () => {
    const response = await server.send({ url: '/api/v1/auth/policy' });

    expect(response.json()).toEqual({
      password: { minLength: 12, minScore: 3, requireClasses: false },
      kdfProfile: 1,
      registration: 'open',
    });
  });
});
