import { randomUUID } from 'node:crypto';
import type { Problem } from '@zkvault/contract';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthClient, authClient, someBytes } from '../../../test/auth-client.ts';
import { earnestVerifierCost, startTestServer, type TestServer } from '../../../test/test-server.ts';

const REGISTER = '/api/v1/auth/register';

let server: TestServer;
let client: AuthClient;

beforeAll(async () => {
  server = await startTestServer({ settings: { verifierCost: earnestVerifierCost } });
  client = authClient(server.app);
});
afterAll(() => server.close());

describe('registration', () => {
  it('creates an account under the id that its client made', async () => {
    const body = client.registration(client.keyMaterial());

    const response = await client.post(REGISTER, body);

    expect(response.statusCode).toBe(201);
    expect(response.json()).toEqual({ accountId: body.accountId });
  });

  it('keeps nothing from which the authKey could be read', async () => {
    const body = client.registration(client.keyMaterial());

    await client.post(REGISTER, body);

    const row = await server.db
      .selectFrom('users')
      .selectAll()
      .where('id', '=', body.accountId)
      .executeTakeFirstOrThrow();
    expect(row.verifier).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(JSON.stringify(row)).not.toContain(body.authKey);
  });

  it('refuses a taken, a reserved and an impossible login, and a taken id, with one answer', async () => {
    const requestId = randomUUID();
    const taken = await client.givenAccount({ login: 'taken@example.com' });
    const vaultOwner = client.registration(client.keyMaterial());
    await client.post(REGISTER, vaultOwner);
    const changes = [
      { login: 'taken@example.com' },
      { login: 'ＴＡＫＥＮ@EXAMPLE.com' },
      { login: 'admin' },
      { login: 'Root' },
      { login: 'no login' },
      { login: 'a@b@c@' },
      { accountId: taken.accountId },
      { ...client.keyMaterial(), vaults: vaultOwner.vaults },
    ];

    const responses: LightMyRequestResponse[] = [];
    for (const change of changes)
      responses.push(await client.post(REGISTER, client.registration(change), { 'x-request-id': requestId }));

    expect(responses[0]?.json<Problem>()).toMatchObject({ status: 400, code: 'registration-refused' });
    expect(new Set(responses.map(({ body }) => body)).size).toBe(1);
  });

  it('leaves nothing behind when it is refused', async () => {
    const first = client.registration(client.keyMaterial());
    await client.post(REGISTER, first);
    const second = client.registration({ ...client.keyMaterial(), vaults: first.vaults });

    await client.post(REGISTER, second);

    expect(
      await server.db.selectFrom('users').selectAll().where('id', '=', second.accountId).execute(),
    ).toEqual([]);
  });

  it('gives a login to one of two who want it at once', async () => {
    const login = `wanted-${someBytes(4).toLowerCase().replaceAll('_', 'x')}`;

    const responses = await Promise.all(
      [1, 2, 3].map(() => client.post(REGISTER, client.registration({ login }))),
    );

    expect(responses.filter(({ statusCode }) => statusCode === 201)).toHaveLength(1);
    expect(responses.filter(({ statusCode }) => statusCode === 400)).toHaveLength(2);
  });

  it.for([
    ['akEpoch', '/body/akEpoch'],
    ['wrap', '/body/wrap'],
    ['accountState', '/body/accountState'],
    ['vaults', '/body/vaults'],
  ] as const)('refuses key material without %s', async ([name, pointer]) => {
    const { [name]: _left, ...rest } = client.keyMaterial();

    const response = await client.post(REGISTER, client.registration(rest));

    expect(response.statusCode).toBe(422);
    expect(response.json<Problem>().errors).toEqual([{ pointer, code: 'required' }]);
  });

  it('refuses an account state that is not the first', async () => {
    const parts = client.keyMaterial();
    const accountState = { ...parts.accountState, seq: 1 };

    const response = await client.post(REGISTER, client.registration({ ...parts, accountState }));

    expect(response.json<Problem>().errors).toEqual([{ pointer: '/body/accountState/seq', code: 'range' }]);
  });

  it.for([
    ['an authKey of 31 bytes', { authKey: someBytes(31) }],
    ['an authKey of 33 bytes', { authKey: someBytes(33) }],
    ['base64url with spare bits set', { authKey: `${'A'.repeat(42)}B` }],
    ['base64 with padding', { authKey: `${'A'.repeat(43)}=` }],
    ['a salt of 15 bytes', { salt: someBytes(15) }],
    ['an unknown profile', { profile: 4 }],
    ['a profile sent as text', { profile: '1' }],
    ['an upper-case id', { accountId: randomUUID().toUpperCase() }],
    ['the nil id', { accountId: '00000000-0000-0000-0000-000000000000' }],
    ['a role', { role: 'admin' }],
    ['markup in a name', { fullName: '<b>Ada</b>' }],
    ['a line break in an address', { email: 'a@b\r\nbcc:c@d' }],
  ] as const)('refuses %s', async ([, change]) => {
    const response = await client.post(REGISTER, client.registration(change));

    expect(response.json<Problem>()).toMatchObject({ status: 422, code: 'request-invalid' });
  });

  it('is refused to everybody where it is by invitation', async () => {
    const closed = await startTestServer({ settings: { registration: 'invitation' } });
    const closedClient = authClient(closed.app);

    const response = await closedClient.post(REGISTER, closedClient.registration());
    const policy = await closed.send({ url: '/api/v1/auth/policy' });
    await closed.close();

    expect(response.json<Problem>()).toMatchObject({ status: 400, code: 'registration-refused' });
    expect(policy.json()).toMatchObject({ registration: 'invitation' });
  });
});
