import { randomUUID } from 'node:crypto';
import type { KeyMaterial, LoginAnswer, Problem } from '@zkvault/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditRows } from '../../../test/audit-rows.ts';
import { type AuthClient, authClient, aWrap, someBytes } from '../../../test/auth-client.ts';
import { recoveryClient } from '../../../test/recovery-client.ts';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';

const ROTATE = '/api/v1/auth/rotate-keys';
const MATERIAL = '/api/v1/auth/key-material';

let server: TestServer;
let client: AuthClient;

beforeAll(async () => {
  server = await startTestServer();
  client = authClient(server.app);
});
afterAll(() => server.close());

async function givenSession(change: object = {}) {
  const account = await client.givenAccount({ ...client.keyMaterial(), ...change });
  const session = await client.givenLogin(account);
  return { account, session, headers: { authorization: `Bearer ${session.accessToken}` } };
}

function rotation(authKey: string, session: Pick<LoginAnswer, 'vaults'>, change: object = {}) {
  return {
    authKey,
    akEpoch: 2,
    wrap: aWrap(),
    accountState: { ...aWrap(), seq: 1 },
    ifSeq: 0,
    vaults: session.vaults.map(({ id }) => ({ id, wrap: aWrap() })),
    recovery: null,
    ...change,
  };
}

describe('key material', () => {
  it('is given again for the key, and is that of the login', async () => {
    const { account, session, headers } = await givenSession();

    const response = await client.post(MATERIAL, { authKey: account.authKey }, headers);

    const { accountId, salt, profile, akEpoch, wrap, accountState, vaults } = session;
    expect(response.json()).toEqual({ accountId, salt, profile, akEpoch, wrap, accountState, vaults });
  });

  it('A9: is not given for a token alone nor for a wrong key, and guesses count as logins', async () => {
    const { account, headers } = await givenSession();
    const wrong = () => client.post(MATERIAL, { authKey: someBytes(32) }, headers);

    const alone = await client.post(MATERIAL, {}, headers);
    const responses = [await wrong(), await wrong(), await wrong(), await wrong(), await wrong()];
    const right = await client.post(MATERIAL, { authKey: account.authKey }, headers);

    expect(alone.statusCode).toBe(422);
    for (const response of [...responses, right])
      expect(response.json<Problem>()).toMatchObject({ status: 400, code: 'current-key-wrong' });
  });
});

describe('a rotation of the account key', () => {
  it('replaces every wrap, the account state and the recovery key in one step, and ends other sessions', async () => {
    const recovery = recoveryClient(client);
    const first = recovery.aRecovery();
    const { account, session, headers } = await givenSession({ recovery: first });
    const other = await client.givenLogin(account);
    const second = recovery.aRecovery();
    const body = rotation(account.authKey, session, { recovery: second });

    const response = await client.post(ROTATE, body, headers);

    expect(response.json()).toEqual({ seq: 1 });
    const material = (await client.post(MATERIAL, { authKey: account.authKey }, headers)).json<KeyMaterial>();
    expect(material).toMatchObject({ akEpoch: 2, wrap: body.wrap, accountState: body.accountState });
    expect(material.vaults.map(({ id, wrap, vkEpoch }) => ({ id, wrap, vkEpoch }))).toEqual(
      body.vaults.map((vault) => ({ ...vault, vkEpoch: 1 })),
    );
    const list = (accessToken: string) =>
      server.send({ url: '/api/v1/vaults', headers: { authorization: `Bearer ${accessToken}` } });
    expect((await list(other.accessToken)).statusCode).toBe(401);
    expect((await client.post('/api/v1/auth/refresh', { refreshToken: other.refreshToken })).statusCode).toBe(
      401,
    );
    expect((await list(session.accessToken)).statusCode).toBe(200);
    expect((await recovery.recover(account.login, first.authKey)).statusCode).toBe(401);
    expect((await recovery.recover(account.login, second.authKey)).statusCode).toBe(200);
    await client.givenLogin(account);
  });

  it('removes the recovery key that it does not replace', async () => {
    const recovery = recoveryClient(client);
    const first = recovery.aRecovery();
    const { account, session, headers } = await givenSession({ recovery: first });

    await client.post(ROTATE, rotation(account.authKey, session), headers);

    expect((await recovery.recover(account.login, first.authKey)).statusCode).toBe(401);
  });

  it('B11: changes nothing unless it holds exactly the vaults of the account', async () => {
    const { account, session, headers } = await givenSession();
    const [vault] = session.vaults;
    const foreign = { id: randomUUID(), wrap: aWrap() };
    const whole = rotation(account.authKey, session);
    const before = await client.post(MATERIAL, { authKey: account.authKey }, headers);

    const codes = [];
    for (const vaults of [
      [],
      [foreign],
      [...whole.vaults, foreign],
      [whole.vaults[0], { id: vault!.id, wrap: aWrap() }],
    ])
      codes.push((await client.post(ROTATE, { ...whole, vaults }, headers)).json<Problem>().errors?.[0]);

    expect(codes).toEqual([
      { pointer: '/body/vaults', code: 'not-exact' },
      { pointer: '/body/vaults', code: 'not-exact' },
      { pointer: '/body/vaults', code: 'not-exact' },
      { pointer: '/body/vaults', code: 'duplicate' },
    ]);
    const after = await client.post(MATERIAL, { authKey: account.authKey }, headers);
    expect(after.json()).toEqual(before.json());
  });

  it('F6: needs the key, a higher epoch and the present account state', async () => {
    const { account, session, headers } = await givenSession();
    const whole = rotation(account.authKey, session);
    const post = async (change: object) =>
      (await client.post(ROTATE, { ...whole, ...change }, headers)).json<Problem>();

    expect((await post({ authKey: undefined })).status).toBe(422);
    expect((await post({ authKey: someBytes(32) })).code).toBe('current-key-wrong');
    expect((await post({ akEpoch: 1 })).errors).toEqual([{ pointer: '/body/akEpoch', code: 'range' }]);
    expect(await post({ ifSeq: 3, accountState: { ...aWrap(), seq: 4 } })).toMatchObject({
      code: 'conflict',
      seq: 0,
    });
    expect((await post({ accountState: { ...aWrap(), seq: 2 } })).errors).toEqual([
      { pointer: '/body/accountState/seq', code: 'range' },
    ]);
    expect((await client.post(ROTATE, whole, headers)).statusCode).toBe(200);
  });

  it('lets one of three win that are sent at once', async () => {
    const { account, session, headers } = await givenSession();

    const responses = await Promise.all(
      [1, 2, 3].map(() => client.post(ROTATE, rotation(account.authKey, session), headers)),
    );

    expect(responses.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
    const rows = (await auditRows(server.db)).filter((row) => row.subject_user_id === account.accountId);
    expect(rows.filter(({ action }) => action === 'keys-rotated')).toHaveLength(1);
  });

  it('is not for an account of its own format', async () => {
    const account = await client.givenAccount();
    const session = await client.givenLogin(account);
    const headers = { authorization: `Bearer ${session.accessToken}` };

    const response = await client.post(ROTATE, rotation(account.authKey, { vaults: [] }), headers);

    expect(response.json<Problem>().errors).toEqual([{ pointer: '/body/akEpoch', code: 'unexpected' }]);
  });
});
