import {
  AuthError,
  ConflictError,
  createVaultClient,
  memoryStorage,
  type Storage,
  type VaultClient,
} from '@zkvault/sdk';
import { nativeKdf } from '@zkvault/sdk/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeDataDirectory, type ServerProcess, startServer } from './server-process.ts';

const realm = 'vault.example.com';
const password = 'seven cats juggle 42 turnips';
const ada = { login: 'ada@example.com', password };
const bob = { login: 'bob@example.com', password };

let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
let server: ServerProcess;
beforeAll(async () => {
  directory = await makeDataDirectory();
});
afterAll(async () => {
  await server.stop();
  await directory.remove();
});

const clientOf = (storage: Storage): VaultClient =>
  createVaultClient({ baseUrl: server.baseUrl, realm, storage, kdf: nativeKdf, timeoutMs: 10_000 });

it('begins with the account that ADMIN_LOGIN names, who then invites', async () => {
  const storage = memoryStorage();
  server = await startServer({ dataDirectory: directory.path });
  await clientOf(storage).register(ada);
  await server.stop();
  server = await startServer(
    { dataDirectory: directory.path },
    { ADMIN_LOGIN: 'Ada@Example.com', REGISTRATION: 'invitation' },
  );
  const client = clientOf(storage);
  await client.login(ada);

  const account = await client.account.get();
  const uninvited = await clientOf(memoryStorage())
    .register(bob)
    .catch((error: unknown) => error);
  const alone = await client.account.deleteAccount({ password }).catch((error: unknown) => error);

  expect(account).toMatchObject({ login: ada.login, role: 'admin' });
  expect(uninvited).toBeInstanceOf(AuthError);
  expect(alone).toBeInstanceOf(ConflictError);
  expect(alone).toMatchObject({ code: 'last-administrator' });
  expect(server.output()).toContain('grant-admin');
});

it('ends with an account that is gone, from the server and from its device', async () => {
  await server.stop();
  server = await startServer({ dataDirectory: directory.path });
  const client = clientOf(memoryStorage());
  await client.register(bob);
  await client.login(bob);
  await client.entries.create({ type: 'note', title: 'gone' });

  await client.account.deleteAccount({ password });

  expect((await client.status()).state).toBe('logged-out');
  expect(await client.login(bob).catch((error: unknown) => error)).toBeInstanceOf(AuthError);
  await client.register(bob);
});
