import type { LoginAnswer, Problem } from '@zkvault/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AuthClient,
  authClient,
  aWrap,
  type Credentials,
  someBytes,
} from '../../../test/auth-client.ts';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';

const REKEY = '/api/v1/auth/rekey';

let server: TestServer;
let client: AuthClient;

beforeAll(async () => {
  server = await startTestServer();
  client = authClient(server.app);
});
afterAll(() => server.close());

function rekeyBody(account: Credentials, change: object = {}): object {
  return {
    authKey: account.authKey,
    newProfile: 3,
    newSalt: someBytes(16),
    newAuthKey: someBytes(32),
    newWrap: aWrap(),
    newAccountState: { ...aWrap(), seq: 1 },
    ifSeq: 0,
    ...change,
  };
}

function bearer({ accessToken }: Pick<LoginAnswer, 'accessToken'>) {
  return { authorization: `Bearer ${accessToken}` };
}

async function givenSession() {
  const account = await client.givenAccount(client.keyMaterial());
  return { account, session: await client.givenLogin(account) };
}

describe('rekey', () => {
  it('replaces key, salt, profile, wrap and account state in one step', async () => {
    const { account, session } = await givenSession();
    const body = rekeyBody(account) as {
      newAuthKey: string;
      newSalt: string;
      newWrap: object;
      newAccountState: object;
    };

    const response = await client.post(REKEY, body, bearer(session));

    expect(response.json()).toEqual({ seq: 1 });
    const answer = await client.givenLogin({ login: account.login, authKey: body.newAuthKey });
    expect(answer).toMatchObject({
      profile: 3,
      salt: body.newSalt,
      wrap: body.newWrap,
      accountState: body.newAccountState,
    });
    expect((await client.post('/api/v1/auth/login', client.loginBody(account))).statusCode).toBe(401);
  });

  it('ends every other session at once, with its refresh token, and not the one that asked', async () => {
    const { account, session } = await givenSession();
    const other = await client.givenLogin(account);

    await client.post(REKEY, rekeyBody(account), bearer(session));

    const list = (headers: object) => server.send({ url: '/api/v1/auth/sessions', headers: { ...headers } });
    expect((await list(bearer(other))).statusCode).toBe(401);
    expect((await client.post('/api/v1/auth/refresh', { refreshToken: other.refreshToken })).statusCode).toBe(
      401,
    );
    expect((await list(bearer(session))).json<{ items: object[] }>().items).toHaveLength(1);
  });

  it('can give the account another login', async () => {
    const { account, session } = await givenSession();
    const newLogin = `Renamed-${account.login}`;
    const body = rekeyBody(account, { newLogin }) as { newAuthKey: string };

    const response = await client.post(REKEY, body, bearer(session));

    expect(response.statusCode).toBe(200);
    const answer = await client.givenLogin({ login: newLogin, authKey: body.newAuthKey });
    expect(answer.user.login).toBe(newLogin.toLowerCase());
    expect((await client.post('/api/v1/auth/login', client.loginBody(account))).statusCode).toBe(401);
  });

  it('is the same route as change-password', async () => {
    const { account, session } = await givenSession();

    const response = await client.post(
      '/api/v1/users/me/change-password',
      rekeyBody(account),
      bearer(session),
    );

    expect(response.statusCode).toBe(200);
  });

  it('of an account of its own format takes neither wrap nor state', async () => {
    const account = await client.givenAccount();
    const session = await client.givenLogin(account);
    const { newWrap, newAccountState, ifSeq, ...plain } = rekeyBody(account) as Record<string, unknown>;

    for (const extra of [{ newWrap }, { newAccountState }, { ifSeq }]) {
      const refused = await client.post(REKEY, { ...plain, ...extra }, bearer(session));
      expect(refused.json<Problem>().errors).toEqual([
        { pointer: `/body/${Object.keys(extra)[0]}`, code: 'unexpected' },
      ]);
    }
    expect((await client.post(REKEY, plain, bearer(session))).json()).toEqual({ seq: null });
  });

  it.for(['newWrap', 'newAccountState', 'ifSeq'] as const)('needs %s for an account state', async (name) => {
    const { account, session } = await givenSession();

    const response = await client.post(REKEY, rekeyBody(account, { [name]: undefined }), bearer(session));

    expect(response.json<Problem>().errors).toEqual([{ pointer: `/body/${name}`, code: 'required' }]);
  });

  it('refuses a state that does not follow the one it names', async () => {
    const { account, session } = await givenSession();

    const response = await client.post(
      REKEY,
      rekeyBody(account, { newAccountState: { ...aWrap(), seq: 2 } }),
      bearer(session),
    );

    expect(response.json<Problem>().errors).toEqual([
      { pointer: '/body/newAccountState/seq', code: 'range' },
    ]);
  });

  it('refuses the key that the account has already', async () => {
    const { account, session } = await givenSession();

    const response = await client.post(
      REKEY,
      rekeyBody(account, { newAuthKey: account.authKey }),
      bearer(session),
    );

    expect(response.json<Problem>().errors).toEqual([{ pointer: '/body/newAuthKey', code: 'unchanged' }]);
  });

  it('conflicts with a change made meanwhile, and says where the account is', async () => {
    const { account, session } = await givenSession();
    const first = rekeyBody(account) as { newAuthKey: string };
    await client.post(REKEY, first, bearer(session));

    const response = await client.post(
      REKEY,
      rekeyBody({ ...account, authKey: first.newAuthKey }),
      bearer(session),
    );

    expect(response.json<Problem>()).toMatchObject({ status: 409, code: 'conflict', seq: 1 });
  });

  it.for([
    ['with an account state', true],
    ['of its own format', false],
  ] as const)('of an account %s lets one of three win that are sent at once', async ([, hasState]) => {
    const account = await client.givenAccount(hasState ? client.keyMaterial() : {});
    const session = await client.givenLogin(account);
    const none = { newWrap: undefined, newAccountState: undefined, ifSeq: undefined };

    const responses = await Promise.all(
      [1, 2, 3].map(() => client.post(REKEY, rekeyBody(account, hasState ? {} : none), bearer(session))),
    );

    const winners = responses.filter(({ statusCode }) => statusCode === 200);
    expect(winners).toHaveLength(1);
  });

  it.for(['admin', 'no login', 'taken-login'])(
    'refuses %s as a new login like a registration',
    async (newLogin) => {
      await client.post('/api/v1/auth/register', client.registration({ login: 'taken-login' }));
      const { account, session } = await givenSession();

      const response = await client.post(REKEY, rekeyBody(account, { newLogin }), bearer(session));

      expect(response.json<Problem>()).toMatchObject({ status: 400, code: 'registration-refused' });
      await client.givenLogin(account);
    },
  );
});

describe('a stolen access token', () => {
  it('changes no key without the key, and is no way to guess it', async () => {
    const { account, session } = await givenSession();
    const wrong = () =>
      client.post(REKEY, rekeyBody({ ...account, authKey: someBytes(32) }), bearer(session));

    const responses = [await wrong(), await wrong(), await wrong(), await wrong(), await wrong()];
    const right = await client.post(REKEY, rekeyBody(account), bearer(session));

    for (const response of [...responses, right])
      expect(response.json<Problem>()).toMatchObject({ status: 400, code: 'current-key-wrong' });
  });
});
