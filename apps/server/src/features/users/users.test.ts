import { randomUUID } from 'node:crypto';
import type { AnswerOf, listUsers, Problem, User } from '@zkvault/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestAccount, type TestServer } from '../../../test/test-server.ts';
import { mustBe, withoutRequestId } from '../../../test/vault-api.ts';

type List = AnswerOf<typeof listUsers>;

let server: TestServer;
let ada: TestAccount;
let admin: TestAccount;
beforeAll(async () => {
  server = await startTestServer();
  ada = await server.givenAccount();
  admin = await server.givenAccount('admin');
});
afterAll(() => server.close());

const get = (path: string, as: TestAccount) => server.send({ method: 'GET', url: `/api/v1${path}`, as });
const putMe = (payload: object, as: TestAccount) =>
  server.send({ method: 'PUT', url: '/api/v1/users/me', payload, as });

describe('the own account', () => {
  it('is read without anything secret', async () => {
    const me = mustBe(200, await get('/users/me', ada)).json<User>();

    expect(me).toMatchObject({ id: ada.userId, role: 'user', isActive: true, email: null, fullName: null });
    expect(JSON.stringify(me)).not.toMatch(/argon2|verifier|salt|wrap/);
  });

  it('takes an address and a name, keeps what is left out, and forgets what is null', async () => {
    await putMe({ email: 'ada@example.com', fullName: 'Ada L.' }, ada);
    const kept = mustBe(200, await putMe({ fullName: 'Ada Lovelace' }, ada)).json<User>();
    const forgotten = mustBe(200, await putMe({ email: null }, ada)).json<User>();
    const untouched = mustBe(200, await putMe({}, ada)).json<User>();

    expect(kept).toMatchObject({ email: 'ada@example.com', fullName: 'Ada Lovelace' });
    expect(forgotten).toMatchObject({ email: null, fullName: 'Ada Lovelace' });
    expect(untouched).toEqual(forgotten);
    expect((await get('/users/me', ada)).json()).toEqual(forgotten);
  });

  it.for([
    ['a name of 100 characters', { fullName: 'x'.repeat(100) }, 200],
    ['a name of 101 characters', { fullName: 'x'.repeat(101) }, 422],
    ['an address of 254 characters', { email: `${'x'.repeat(250)}@x.y` }, 200],
    ['an address of 255 characters', { email: `${'x'.repeat(251)}@x.y` }, 422],
    ['a role', { role: 'admin' }, 422],
    ['activity', { isActive: true }, 422],
    ['a login', { login: 'other' }, 422],
    ['an id', { id: randomUUID() }, 422],
  ] as const)('answers %s with its status', async ([, payload, status]) => {
    const bob = await server.givenAccount();

    expect((await putMe(payload, bob)).statusCode).toBe(status);
    expect((await get('/users/me', bob)).json<User>()).toMatchObject({ id: bob.userId, role: 'user' });
  });
});

describe('somebody else', () => {
  it('is shown to who may read users', async () => {
    const user = mustBe(200, await get(`/users/${ada.userId}`, admin)).json<User>();

    expect(user).toMatchObject({ id: ada.userId, role: 'user' });
  });

  it('is as absent as nobody for who may not', async () => {
    const headers = { 'x-request-id': randomUUID() };
    const ask = (id: string) => server.send({ method: 'GET', url: `/api/v1/users/${id}`, as: ada, headers });

    const foreign = await ask(admin.userId);
    const absent = await ask(randomUUID());

    expect(foreign.statusCode).toBe(403);
    expect(withoutRequestId(foreign)).toEqual(withoutRequestId(absent));
  });

  it('is not found if there is nobody', async () => {
    const response = await get(`/users/${randomUUID()}`, admin);

    expect(response.statusCode).toBe(404);
    expect(response.json<Problem>().code).toBe('user-not-found');
  });
});

describe('the list of accounts', () => {
  let many: TestServer;
  let reader: TestAccount;
  const ids: string[] = [];
  const list = async (query: string) =>
    mustBe(200, await many.send({ method: 'GET', url: `/api/v1/users${query}`, as: reader })).json<List>();

  beforeAll(async () => {
    many = await startTestServer();
    reader = await many.givenAccount('moderator');
    ids.push(reader.userId);
    for (let index = 0; index < 24; index += 1) ids.push((await many.givenAccount()).userId);
    // All in one millisecond: the order must not rest on the time alone.
    await many.db
      .updateTable('users')
      .set({ created_at: new Date('2026-01-02T03:04:05.678Z') } as never)
      .execute();
    ids.sort();
  });
  afterAll(() => many.close());

  it('is walked by cursor, every account once', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: List = await list(`?limit=7${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.items.map(({ id }) => id));
      expect(page.total).toBeUndefined();
      cursor = page.nextCursor;
    }

    expect(seen).toEqual(ids);
  });

  it('ends with a full page', async () => {
    const page = await list('?limit=25');

    expect(page.items).toHaveLength(25);
    expect(page.nextCursor).toBeNull();
  });

  it('comes by page number, with how many there are', async () => {
    const first = await list('?page=1');
    const second = await list('?page=2&perPage=20');
    const beyond = await list('?page=3');

    expect(first).toMatchObject({ page: 1, perPage: 20, total: 25, pages: 2 });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
    expect(second.nextCursor).toBeNull();
    expect(beyond).toMatchObject({ items: [], page: 3, total: 25, pages: 2 });
    expect((await list(`?cursor=${first.nextCursor}`)).items).toEqual(second.items);
  });

  it.for([
    ['?perPage=100', 200],
    ['?perPage=101', 422],
    ['?perPage=0', 422],
    ['?limit=100', 200],
    ['?limit=101', 422],
    ['?page=0', 422],
    ['?page=1000000', 200],
    ['?page=1000001', 422],
    ['?page=1&limit=5', 422],
    ['?perPage=5&cursor=AAAA', 422],
    ['?cursor=AAAA', 422],
    [`?cursor=${'_'.repeat(32)}`, 422],
    [`?cursor=${'A'.repeat(32)}`, 200],
    ['?role=admin', 422],
  ] as const)('answers %s with %i', async ([query, status]) => {
    const response = await many.send({ method: 'GET', url: `/api/v1/users${query}`, as: reader });

    expect(response.statusCode).toBe(status);
  });
});
