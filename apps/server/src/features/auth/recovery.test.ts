import type { LoginAnswer, NewRecovery, Problem } from '@zkvault/contract';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditRows } from '../../../test/audit-rows.ts';
import { type AuthClient, authClient, aWrap, someBytes } from '../../../test/auth-client.ts';
import { type RecoveryClient, recoveryClient } from '../../../test/recovery-client.ts';
import { secondFactorClient } from '../../../test/second-factor-client.ts';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';
import { keepHouse } from '../../housekeeping.ts';

const RECOVERY = '/api/v1/auth/recovery';

let server: TestServer;
let client: AuthClient;
let recovery: RecoveryClient;

beforeAll(async () => {
  server = await startTestServer();
  client = authClient(server.app);
  recovery = recoveryClient(client);
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.db.deleteFrom('login_failures').execute();
});

function bearer({ accessToken }: Pick<LoginAnswer, 'accessToken'>) {
  return { authorization: `Bearer ${accessToken}` };
}

function send(method: 'GET' | 'PUT' | 'DELETE', headers: object, payload?: object) {
  return server.app.inject({
    method,
    url: RECOVERY,
    headers: { ...headers },
    ...(payload === undefined ? {} : { payload }),
  });
}

async function givenSession() {
  const account = await client.givenAccount(client.keyMaterial());
  const session = await client.givenLogin(account);
  return { account, session, headers: bearer(session) };
}

const next = (seq: number) => ({ ...aWrap(), seq });

describe('the recovery key of an account', () => {
  it('is enrolled, renewed, told of and removed, each with the account state that names it', async () => {
    const { account, headers } = await givenSession();
    const { authKey, login } = account;
    const [first, second] = [recovery.aRecovery(), recovery.aRecovery()];

    const before = await send('GET', headers);
    await send('PUT', headers, { authKey, recovery: first, accountState: next(1) });
    const enrolled = await send('GET', headers);
    await send('PUT', headers, { authKey, recovery: second, accountState: next(2) });
    const ofFirst = await recovery.recover(login, first.authKey);
    const ofSecond = await recovery.recover(login, second.authKey);
    const removed = await send('DELETE', headers, { authKey, accountState: next(3) });
    const ofRemoved = await recovery.recover(login, second.authKey);

    expect(before.json()).toEqual({ recovery: null });
    expect(enrolled.json()).toEqual({ recovery: { id: first.id, createdAt: expect.any(String) } });
    expect([ofFirst.statusCode, ofSecond.statusCode]).toEqual([401, 200]);
    expect([removed.statusCode, ofRemoved.statusCode]).toEqual([204, 401]);
    expect((await send('GET', headers)).json()).toEqual({ recovery: null });
  });

  it('F6: is not changed for a token alone, for a wrong key, nor on a stale account state', async () => {
    const { account, headers } = await givenSession();
    const { authKey } = account;
    const body = { authKey, recovery: recovery.aRecovery(), accountState: next(1) };

    const tokenOnly = await send('PUT', headers, { ...body, authKey: undefined });
    const wrong = await send('PUT', headers, { ...body, authKey: someBytes(32) });
    const stale = await send('PUT', headers, { ...body, accountState: next(2) });
    const stateless = await send('PUT', headers, { ...body, accountState: undefined });
    const staleRemoval = await send('DELETE', headers, { authKey, accountState: next(9) });

    expect(tokenOnly.statusCode).toBe(422);
    expect(wrong.json<Problem>().code).toBe('current-key-wrong');
    expect(stale.json<Problem>()).toMatchObject({ code: 'conflict', seq: 0 });
    expect(stateless.json<Problem>().errors).toEqual([{ pointer: '/body/accountState', code: 'required' }]);
    expect(staleRemoval.json<Problem>().code).toBe('conflict');
    expect((await send('GET', headers)).json()).toEqual({ recovery: null });
  });

  it('can come with the registration, and with an account of its own format', async () => {
    const { login, recovery: key } = await recovery.givenEnrolled();
    const plain = await client.givenAccount({ recovery: recovery.aRecovery() });
    const session = await client.givenLogin(plain);

    expect((await recovery.recover(login, key.authKey)).statusCode).toBe(200);
    expect((await send('GET', bearer(session))).json<{ recovery: object }>().recovery).not.toBeNull();
  });

  it('A9: its wrap is in no answer but that of a recovery', async () => {
    const account = await recovery.givenEnrolled();
    const session = await client.givenLogin(account);
    const headers = bearer(session);
    const material = await client.post(
      '/api/v1/auth/key-material',
      { authKey: account.authKey },
      { ...headers },
    );
    const answers = [JSON.stringify(session), material.body, (await send('GET', headers)).body];
    const given = await recovery.givenRecovery(account.login, account.recovery.authKey);

    expect(given).toMatchObject({ recoveryId: account.recovery.id, recoveryWrap: account.recovery.wrap });
    for (const answer of answers) expect(answer).not.toContain(account.recovery.wrap.ciphertext);
  });
});

describe('a recovery', () => {
  it('gives what opens the account, and then a new password, a new recovery key and a session', async () => {
    const account = await recovery.givenEnrolled();
    const other = await client.givenLogin(account);
    const begun = await recovery.givenRecovery(account.login, account.recovery.authKey);
    const body = recovery.rekeyBody(begun.recoveryToken) as {
      newAuthKey: string;
      newSalt: string;
      newWrap: object;
      newAccountState: object;
      recovery: NewRecovery;
    };

    const response = await recovery.complete(body);

    expect(begun).toMatchObject({
      accountId: account.accountId,
      akEpoch: 1,
      accountState: { seq: 0 },
      vaults: [{ wrap: { ciphertext: expect.any(String) } }],
    });
    expect(response.json()).toMatchObject({
      accountId: account.accountId,
      profile: 3,
      salt: body.newSalt,
      wrap: body.newWrap,
      accountState: body.newAccountState,
      vaults: [{ wrap: { ciphertext: expect.any(String) } }],
    });
    const session = response.json<LoginAnswer>();
    expect((await send('GET', bearer(session))).json()).toMatchObject({ recovery: { id: body.recovery.id } });
    expect((await send('GET', bearer(other))).statusCode).toBe(401);
    await client.givenLogin({ login: account.login, authKey: body.newAuthKey });
    expect((await client.post('/api/v1/auth/login', client.loginBody(account))).statusCode).toBe(401);
    expect((await recovery.recover(account.login, account.recovery.authKey)).statusCode).toBe(401);
    expect((await recovery.recover(account.login, body.recovery.authKey)).statusCode).toBe(200);
  });

  it('cannot be told apart for an unknown login, an account without a recovery key and a wrong key', async () => {
    const enrolled = await recovery.givenEnrolled();
    const plain = await client.givenAccount();
    const inactive = await recovery.givenEnrolled();
    await sql`update users set is_active = false where id = ${inactive.accountId}`.execute(server.db);

    const responses = [
      await recovery.recover('nobody-at-all', someBytes(32)),
      await recovery.recover('not a login at all', someBytes(32)),
      await recovery.recover(plain.login, someBytes(32)),
      await recovery.recover(plain.login, plain.authKey),
      await recovery.recover(enrolled.login, someBytes(32)),
      await recovery.recover(enrolled.login, enrolled.authKey),
      await recovery.recover(inactive.login, inactive.recovery.authKey),
    ];

    const told = responses.map((response) => ({
      status: response.statusCode,
      headers: Object.keys(response.headers),
      body: { ...response.json<Problem>(), requestId: '' },
    }));
    expect(told[0]).toMatchObject({ status: 401, body: { code: 'invalid-credentials' } });
    for (const one of told) expect(one).toEqual(told[0]);
  });

  it('is counted with the logins: five wrong tries of either kind lock both', async () => {
    const account = await recovery.givenEnrolled();
    const wrongLogin = client.loginBody({ ...account, authKey: someBytes(32) });
    for (let attempt = 0; attempt < 3; attempt += 1) await recovery.recover(account.login, someBytes(32));
    for (let attempt = 0; attempt < 2; attempt += 1) await client.post('/api/v1/auth/login', wrongLogin);

    expect((await recovery.recover(account.login, account.recovery.authKey)).statusCode).toBe(401);
    expect((await client.post('/api/v1/auth/login', client.loginBody(account))).statusCode).toBe(401);
  });

  it('D3: takes nothing that lies in the database for the proof of a recovery key', async () => {
    const account = await recovery.givenEnrolled();
    const { rows } = await sql<{ value: string }>`
      select value from recovery_keys as key, jsonb_each_text(to_jsonb(key)) as column_of (name, value)
      where key.user_id = ${account.accountId}`.execute(server.db);
    const candidates = rows.flatMap(({ value }) => [
      Buffer.from(value, 'utf8'),
      Buffer.from(value.split('$').at(-1) ?? '', 'base64'),
      Buffer.from(value, 'base64url'),
    ]);

    for (const candidate of candidates) {
      await server.db.deleteFrom('login_failures').execute();
      const tried = Buffer.concat([candidate, Buffer.alloc(32)]).subarray(0, 32);
      expect((await recovery.recover(account.login, tried.toString('base64url'))).statusCode).toBe(401);
    }
    expect(candidates.length).toBeGreaterThan(15);
    expect(JSON.stringify(rows)).not.toContain(account.recovery.authKey);
  });

  it('is one-time, and no good after ten minutes, another login credential or another recovery key', async () => {
    const account = await recovery.givenEnrolled();
    const begin = async () =>
      (await recovery.givenRecovery(account.login, account.recovery.authKey)).recoveryToken;
    const [expired, used, spare] = [await begin(), await begin(), await begin()];
    await sql`update recoveries set created_at = now() - interval '11 minutes', expires_at = now() - interval '1 second'
      where token_hash = (select token_hash from recoveries where user_id = ${account.accountId} order by created_at limit 1)`.execute(
      server.db,
    );

    const late = await recovery.complete(recovery.rekeyBody(expired));
    const malformed = await recovery.complete(recovery.rekeyBody(someBytes(32)));
    const right = await recovery.complete(recovery.rekeyBody(used));
    const again = await recovery.complete(recovery.rekeyBody(used));
    const beside = await recovery.complete(recovery.rekeyBody(spare, { ifSeq: 1, newAccountState: next(2) }));

    expect(right.statusCode).toBe(200);
    for (const response of [late, malformed, beside])
      expect([response.statusCode, response.json<Problem>().code]).toEqual([401, 'invalid-token']);
    expect(again.statusCode).toBe(401);
    expect(
      await keepHouse(server.db, { refreshTokenTtlSeconds: 60_000, lockoutMinutes: 15 }),
    ).toBeGreaterThanOrEqual(1);
  });

  it('lets one of three win that end it at once', async () => {
    const account = await recovery.givenEnrolled();
    const { recoveryToken } = await recovery.givenRecovery(account.login, account.recovery.authKey);

    const responses = await Promise.all(
      [1, 2, 3].map(() => recovery.complete(recovery.rekeyBody(recoveryToken))),
    );

    expect(responses.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
  });

  it('keeps its token when the account state has moved on, and needs another recovery key', async () => {
    const account = await recovery.givenEnrolled();
    const { recoveryToken } = await recovery.givenRecovery(account.login, account.recovery.authKey);

    const stale = await recovery.complete(
      recovery.rekeyBody(recoveryToken, { ifSeq: 4, newAccountState: next(5) }),
    );
    const same = await recovery.complete(
      recovery.rekeyBody(recoveryToken, { recovery: { ...recovery.aRecovery(), id: account.recovery.id } }),
    );
    const right = await recovery.complete(recovery.rekeyBody(recoveryToken));

    expect(stale.json<Problem>()).toMatchObject({ code: 'conflict', seq: 0 });
    expect(same.json<Problem>().errors).toEqual([{ pointer: '/body/recovery/id', code: 'unchanged' }]);
    expect(right.statusCode).toBe(200);
  });

  it('asks for the second factor after a right recovery key and no sooner, and takes a recovery code', async () => {
    const guard = secondFactorClient(server);
    const account = await guard.givenGuarded();
    const key = recovery.aRecovery();
    await send('PUT', account.bearer, { authKey: account.authKey, recovery: key });

    const wrong = await recovery.recover(account.login, someBytes(32));
    const missing = await recovery.recover(account.login, key.authKey);
    const wrongFactor = await recovery.recover(account.login, key.authKey, {
      secondFactor: { recoveryCode: 'AAAA-AAAA-AAAA-AAAA' },
    });
    const right = await recovery.recover(account.login, key.authKey, {
      secondFactor: { recoveryCode: account.recoveryCodes[0] },
    });

    expect(wrong.json<Problem>().code).toBe('invalid-credentials');
    expect(missing.json<Problem>().code).toBe('second-factor-required');
    expect(wrongFactor.json<Problem>().code).toBe('invalid-credentials');
    expect(right.statusCode).toBe(200);
  });

  it('ends where a second factor was put before the account meanwhile', async () => {
    const account = await recovery.givenEnrolled();
    const { recoveryToken } = await recovery.givenRecovery(account.login, account.recovery.authKey);
    await sql`update users set asks_second_factor = true where id = ${account.accountId}`.execute(server.db);

    expect((await recovery.complete(recovery.rekeyBody(recoveryToken))).statusCode).toBe(401);
  });

  it('is in the audit log, whether it succeeds or not', async () => {
    const account = await recovery.givenEnrolled();
    await recovery.recover(account.login, someBytes(32));
    const { recoveryToken } = await recovery.givenRecovery(account.login, account.recovery.authKey);
    await recovery.complete(recovery.rekeyBody(recoveryToken));

    const rows = (await auditRows(server.db)).filter((row) => row.subject_user_id === account.accountId);

    expect(rows.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'register success',
      'recover failure',
      'recover success',
      'recovered success',
    ]);
    const log = server.logLines.join('') + JSON.stringify(await auditRows(server.db));
    for (const secret of [account.recovery.authKey, recoveryToken, account.recovery.wrap.ciphertext])
      expect(log).not.toContain(secret);
  });
});
