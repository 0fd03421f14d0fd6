import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AuthClient, authClient } from '../../../test/auth-client.ts';
import { startTestServer, type TestServer, testKeyRing } from '../../../test/test-server.ts';
import { makeAudit } from '../audit/service.ts';
import { grantAdmin, grantFirstAdmin } from './standing-service.ts';

const trail = makeAudit(testKeyRing).operator;

let server: TestServer;
let client: AuthClient;
beforeAll(async () => {
  server = await startTestServer();
  client = authClient(server.app);
});
afterAll(() => server.close());

it('makes the first administrator of a login, and no second one', async () => {
  const [ada, eve] = [
    await client.givenAccount({ login: 'ada@example.com' }),
    await client.givenAccount({ login: 'eve@example.com' }),
  ];

  expect(await grantFirstAdmin(server.db, 'nobody@example.com', trail)).toBeUndefined();
  expect(await grantFirstAdmin(server.db, 'ADA@example.com', trail)).toBe(ada.accountId);
  expect(await grantFirstAdmin(server.db, 'eve@example.com', trail)).toBeUndefined();
  expect((await client.givenLogin(ada)).user.role).toBe('admin');
  expect((await client.givenLogin(eve)).user.role).toBe('user');
});

it('makes an administrator of whatever account its operator names, a stopped one too', async () => {
  const bob = await client.givenAccount({ login: 'bob' });
  await server.db.updateTable('users').set({ is_active: false }).where('login', '=', 'bob').execute();

  expect(await grantAdmin(server.db, ' Bob ', trail)).toBe(bob.accountId);
  expect(await grantAdmin(server.db, 'no such login!', trail)).toBeUndefined();
  expect((await client.givenLogin(bob)).user).toMatchObject({ role: 'admin', isActive: true });
});
