import type { Problem } from '@zkvault/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthClient, authClient, type Credentials, someBytes } from '../../../test/auth-client.ts';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';

let server: TestServer;
let client: AuthClient;
beforeAll(async () => {
  server = await startTestServer();
  client = authClient(server.app);
});
afterAll(() => server.close());

const deleteMe = (token: string, payload: object) =>
  server.app.inject({
    method: 'DELETE',
    url: '/api/v1/users/me',
    payload,
    headers: { authorization: `Bearer ${token}` },
  });
const isThere = async ({ accountId }: Credentials) =>
  (await server.db.selectFrom('users').select('id').where('id', '=', accountId).execute()).length === 1;

describe('deleting the own account', () => {
  it('takes everything with it, and frees the login', async () => {
    const ada = await client.givenAccount(client.keyMaterial());
    const { accessToken, refreshToken } = await client.givenLogin(ada);

    const response = await deleteMe(accessToken, { authKey: ada.authKey });

    expect(response.statusCode).toBe(204);
    expect(await isThere(ada)).toBe(false);
    expect((await deleteMe(accessToken, { authKey: ada.authKey })).statusCode).toBe(401);
    expect((await client.post('/api/v1/auth/refresh', { refreshToken })).statusCode).toBe(401);
    const owner = ada.accountId;
    expect(await server.db.selectFrom('vaults').select('id').where('owner_id', '=', owner).execute()).toEqual(
      [],
    );
    expect(
      (await client.post('/api/v1/auth/register', client.registration({ login: ada.login }))).statusCode,
    ).toBe(201);
  });

  it('asks for the present key', async () => {
    const ada = await client.givenAccount();
    const { accessToken } = await client.givenLogin(ada);

    const wrong = await deleteMe(accessToken, { authKey: someBytes(32) });
    const none = await deleteMe(accessToken, {});

    expect(wrong.json<Problem>()).toMatchObject({ status: 400, code: 'current-key-wrong' });
    expect(none.statusCode).toBe(422);
    expect(await isThere(ada)).toBe(true);
  });

  it('is no way to guess the key: attempts are counted as those of a login', async () => {
    const ada = await client.givenAccount();
    const { accessToken } = await client.givenLogin(ada);
    for (let attempt = 0; attempt < 5; attempt += 1) await deleteMe(accessToken, { authKey: someBytes(32) });

    const right = await deleteMe(accessToken, { authKey: ada.authKey });

    expect(right.json<Problem>().code).toBe('current-key-wrong');
    expect(await isThere(ada)).toBe(true);
  });

  it('is refused to the last administrator, until there is another', async () => {
    const root = await client.givenAccount();
    await server.db.updateTable('users').set({ role: 'admin' }).where('id', '=', root.accountId).execute();
    const { accessToken } = await client.givenLogin(root);

    const alone = await deleteMe(accessToken, { authKey: root.authKey });
    await server.givenAccount('admin');
    const joined = await deleteMe(accessToken, { authKey: root.authKey });

    expect(alone.json<Problem>()).toMatchObject({ status: 409, code: 'last-administrator' });
    expect(joined.statusCode).toBe(204);
  });
});
