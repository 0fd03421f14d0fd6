/**
 * Administrators who take each other's, or their own, role away at the same moment: whatever the order,
 * one administrator remains. See [Note: The last administrator] in users/standing-service.ts.
 */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startTestServer, type TestAccount, type TestServer } from '../../../test/test-server.ts';
import { tally } from '../../../test/vault-api.ts';

const ROUNDS = 20;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const administrators = () =>
  server.db
    .selectFrom('users')
    .select('id')
    .where('role', '=', 'admin')
    .where('is_active', '=', true)
    .execute();
const demote = (subject: TestAccount, as: TestAccount, payload: object = { role: 'user' }) =>
  server.send({ method: 'PUT', url: `/api/v1/users/${subject.userId}`, payload, as });
const remove = (subject: TestAccount, as: TestAccount) =>
  server.send({ method: 'DELETE', url: `/api/v1/users/${subject.userId}`, as });

beforeEach(async () => {
  await server.db.deleteFrom('users').execute();
});

it('leaves one of two who demote each other', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    await server.db.deleteFrom('users').execute();
    const [ada, eve] = [await server.givenAccount('admin'), await server.givenAccount('admin')];

    const answers = await Promise.all([demote(eve, ada), demote(ada, eve)]);

    expect(await administrators()).toHaveLength(1);
    expect(tally(answers)).toEqual({ 200: 1, 401: 1 });
  }
});

it('leaves one of ten who all resign', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    await server.db.deleteFrom('users').execute();
    const all = await Promise.all(Array.from({ length: 10 }, () => server.givenAccount('admin')));

    const answers = await Promise.all(
      all.map((one, index) => demote(one, one, index % 2 === 0 ? { role: 'user' } : { isActive: false })),
    );

    expect(await administrators()).toHaveLength(1);
    expect(tally(answers)).toEqual({ 200: 9, 409: 1 });
  }
});

it('leaves one of ten who delete each other in a circle', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    await server.db.deleteFrom('users').execute();
    const all = await Promise.all(Array.from({ length: 10 }, () => server.givenAccount('admin')));

    const answers = await Promise.all(all.map((one, index) => remove(all[(index + 1) % 10]!, one)));

    expect((await administrators()).length).toBeGreaterThanOrEqual(1);
    expect(answers.every(({ statusCode }) => [204, 401].includes(statusCode))).toBe(true);
  }
});
