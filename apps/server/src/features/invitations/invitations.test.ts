import { randomBytes } from 'node:crypto';
import type { Invitation, OpenInvitation, Problem, Role } from '@zkvault/contract';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthClient, authClient } from '../../../test/auth-client.ts';
import {
  startTestServer,
  type TestAccount,
  type TestServer,
  testSettings,
} from '../../../test/test-server.ts';
import { mustBe, tally } from '../../../test/vault-api.ts';
import { keepHouse } from '../../housekeeping.ts';

const ADMIN_LOGIN = 'grace@example.com';

let server: TestServer;
let client: AuthClient;
let admin: TestAccount;
beforeAll(async () => {
  server = await startTestServer({ settings: { registration: 'invitation', adminLogin: ADMIN_LOGIN } });
  client = authClient(server.app);
  admin = await server.givenAccount('admin');
});
afterAll(() => server.close());

const invite = (payload: object = {}, as = admin) =>
  server.send({ method: 'POST', url: '/api/v1/users', payload, as });
const givenInvitation = async (payload: object = {}, as = admin) =>
  mustBe(201, await invite(payload, as)).json<Invitation>();
const register = (change: object) => client.post('/api/v1/auth/register', client.registration(change));
const roleOf = async (login: string) =>
  (await server.db.selectFrom('users').select('role').where('login', '=', login).executeTakeFirst())?.role;
const change = (id: string, payload: object, as = admin) =>
  server.send({ method: 'PUT', url: `/api/v1/users/${id}`, payload, as });

describe('an invitation', () => {
  it.for(['viewer', 'user', 'moderator', 'admin'] satisfies Role[])(
    'lets one register as %s, once',
    async (role) => {
      const { token, ...rest } = await givenInvitation({ role });

      const first = await register({ login: `invited-${role}`, invitation: token });
      const second = await register({ login: `again-${role}`, invitation: token });

      expect(rest.role).toBe(role);
      expect(first.statusCode).toBe(201);
      expect(await roleOf(`invited-${role}`)).toBe(role);
      expect(second.json<Problem>().code).toBe('registration-refused');
      expect(await roleOf(`again-${role}`)).toBeUndefined();
    },
  );

  it('is for a user and a week unless it says otherwise', async () => {
    const { role, expiresAt } = await givenInvitation();

    expect(role).toBe('user');
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(167 * 3_600_000);
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThan(169 * 3_600_000);
  });

  it('gives one of twenty parallel registrations an account', async () => {
    const { token } = await givenInvitation();

    const answers = await Promise.all(Array.from({ length: 20 }, () => register({ invitation: token })));

    expect(tally(answers)[201]).toBe(1);
  });

  it('is kept as a hash, and is in no log', async () => {
    const { token } = await givenInvitation();
    const bytes = Buffer.from(token, 'base64url');

    const rows = await server.db.selectFrom('invitations').selectAll().execute();

    expect(rows.some(({ token_hash }) => bytes.equals(token_hash))).toBe(false);
    expect(server.logLines.join('\n')).not.toContain(token);
  });

  it('survives a registration that is refused for another reason', async () => {
    const { token: invitation } = await givenInvitation();
    await register({ login: 'taken-by-ada', invitation: (await givenInvitation()).token });

    const taken = await register({ login: 'taken-by-ada', invitation });
    const reserved = await register({ login: 'root', invitation });
    const right = await register({ invitation });

    expect([taken, reserved, right].map(({ statusCode }) => statusCode)).toEqual([400, 400, 201]);
  });

  it('is void when it has expired, and is then swept away', async () => {
    const { token } = await givenInvitation({ expiresInHours: 1 });
    await server.db
      .updateTable('invitations')
      .set({
        created_at: sql`created_at - interval '1 hour'`,
        expires_at: sql`expires_at - interval '1 hour'`,
      } as never)
      .execute();

    const late = await register({ invitation: token });
    await keepHouse(server.db, testSettings);

    expect(late.statusCode).toBe(400);
    expect(
      await server.db
        .selectFrom('invitations')
        .select('role')
        .where('expires_at', '<=', sql<Date>`now()`)
        .execute(),
    ).toEqual([]);
  });

  it.for([
    ['demoted', (author: TestAccount) => change(author.userId, { role: 'moderator' })],
    ['stopped', (author: TestAccount) => change(author.userId, { isActive: false })],
    [
      'deleted',
      (author: TestAccount) =>
        server.send({ method: 'DELETE', url: `/api/v1/users/${author.userId}`, as: admin }),
    ],
  ] as const)('is void when its author was %s', async ([, act]) => {
    const author = await server.givenAccount('admin');
    const { token } = await givenInvitation({ role: 'viewer' }, author);
    await act(author);

    expect((await register({ invitation: token })).statusCode).toBe(400);
  });

  it.for([
    [{ expiresInHours: 0 }, 422],
    [{ expiresInHours: 1 }, 201],
    [{ expiresInHours: 720 }, 201],
    [{ expiresInHours: 721 }, 422],
    [{ role: 'owner' }, 422],
    [{ login: 'x', authKey: 'y' }, 422],
  ] as const)('asked for with %j is answered with %i', async ([payload, status]) => {
    expect((await invite(payload)).statusCode).toBe(status);
  });

  it('cannot be made by who may not', async () => {
    const moderator = await server.givenAccount('moderator');

    expect((await invite({}, moderator)).statusCode).toBe(403);
  });
});

describe('registration by invitation', () => {
  it('is refused alike without an invitation, with a wrong one and with a void one', async () => {
    const answers = [
      await register({}),
      await register({ invitation: randomBytes(32).toString('base64url') }),
      await register({ login: 'root' }),
    ];

    for (const answer of answers) {
      expect(answer.statusCode).toBe(400);
      expect({ ...answer.json<Problem>(), requestId: '' }).toEqual({
        ...answers[0]!.json<Problem>(),
        requestId: '',
      });
    }
  });

  it('does not make an administrator of the named login while there is one', async () => {
    expect((await register({ login: ADMIN_LOGIN })).statusCode).toBe(400);
  });
});

describe('the first administrator', () => {
  it('is the account that registers the named login, without an invitation', async () => {
    const fresh = await startTestServer({
      settings: { registration: 'invitation', adminLogin: ADMIN_LOGIN },
    });
    const freshClient = authClient(fresh.app);
    const send = (body: object) => freshClient.post('/api/v1/auth/register', body);

    const other = await send(freshClient.registration());
    const grace = await freshClient.givenAccount({ login: 'Grace@Example.com' });
    const { user } = await freshClient.givenLogin(grace);
    await fresh.close();

    expect(other.statusCode).toBe(400);
    expect(user.role).toBe('admin');
  });

  it('is a plain user where open registration finds an administrator there', async () => {
    const open = await startTestServer({ settings: { adminLogin: ADMIN_LOGIN } });
    const openClient = authClient(open.app);
    await open.givenAccount('admin');

    const { user } = await openClient.givenLogin(await openClient.givenAccount({ login: ADMIN_LOGIN }));
    await open.close();

    expect(user.role).toBe('user');
  });

  it('needs no role or invitation to be refused a role of her own choice', async () => {
    expect((await register({ role: 'admin' })).statusCode).toBe(422);
  });
});

describe('the list of open invitations', () => {
  const list = (query = '') => server.send({ method: 'GET', url: `/api/v1/invitations${query}`, as: admin });
  const revoke = (id: string) =>
    server.send({ method: 'DELETE', url: `/api/v1/invitations/${id}`, as: admin });

  it('has those that may still be used, newest first and in pages, and no token', async () => {
    await server.db.deleteFrom('invitations').execute();
    const used = await givenInvitation();
    await register({ invitation: used.token });
    const expired = await givenInvitation();
    await sql`update invitations set created_at = now() - interval '2 hours',
      expires_at = now() - interval '1 hour' where id = ${expired.id}`.execute(server.db);
    const first = await givenInvitation({ role: 'viewer' });
    await sql`update invitations set created_at = created_at - interval '1 second'
      where id = ${first.id}`.execute(server.db);
    const second = await givenInvitation({ role: 'moderator' });

    const whole = mustBe(200, await list()).json<{ items: OpenInvitation[]; nextCursor: null }>();
    const page = mustBe(200, await list('?limit=1')).json<{ items: unknown[]; nextCursor: string }>();
    const rest = mustBe(200, await list(`?limit=1&cursor=${page.nextCursor}`)).json<object>();

    expect(whole.items.map(({ id, role, createdBy }) => ({ id, role, createdBy }))).toEqual([
      { id: second.id, role: 'moderator', createdBy: admin.userId },
      { id: first.id, role: 'viewer', createdBy: admin.userId },
    ]);
    expect(Object.keys(whole.items[0] ?? {}).toSorted()).toEqual([
      'createdAt',
      'createdBy',
      'expiresAt',
      'id',
      'role',
    ]);
    expect([...page.items, whole.nextCursor]).toEqual([whole.items[0], null]);
    expect(rest).toEqual({ items: [whole.items[1]], nextCursor: null });
  });

  it('loses one that is taken back, whose token then lets nobody in', async () => {
    const { id, token } = await givenInvitation();

    const revoked = await revoke(id);
    const again = await revoke(id);
    const refused = await register({ invitation: token });

    expect(revoked.statusCode).toBe(204);
    expect(again.json<Problem>().code).toBe('invitation-not-found');
    expect(refused.json<Problem>().code).toBe('registration-refused');
  });
});
