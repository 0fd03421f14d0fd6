/** A backup as a drill: the server is lost, another one takes its place, and who was logged in notices what is missing. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  createVaultClient,
  IntegrityError,
  memoryStorage,
  RollbackError,
  type Storage,
  type VaultClient,
} from '@zkvault/sdk';
import { nativeKdf } from '@zkvault/sdk/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seedOf } from '../../server/test/second-factor-client.ts';
import { makePostgresDatabase } from '../../server/test/test-database.ts';
import { findNeedles } from './needles.ts';
import { presentTotp } from './present-totp.ts';
import { makeDataDirectory, type ServerProcess, startServer } from './server-process.ts';

const run = promisify(execFile);
const CLI = fileURLToPath(new URL('../../server/src/cli.ts', import.meta.url));
const realm = 'vault.example.com';
const login = 'ada@example.com';
const password = 'seven cats juggle 42 turnips';
const secrets = {
  title: 'the bank of Ruritania',
  password: 'hunter2-Qx7mVt2Wp9',
  notes: 'ask for Rudolf Rassendyll',
};

/** What an operator keeps elsewhere: the ring and the token secret. */
const kept = {
  SERVER_KEYS: `k1:${randomBytes(32).toString('base64url')}`,
  JWT_SECRET: randomBytes(32).toString('base64url'),
};

let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
let lost: Awaited<ReturnType<typeof makePostgresDatabase>>;
let found: typeof lost;
let server: ServerProcess | undefined;
beforeAll(async () => {
  directory = await makeDataDirectory();
  [lost, found] = [await makePostgresDatabase('empty'), await makePostgresDatabase('empty')];
});
afterAll(async () => {
  await server?.kill();
  await lost.remove();
  await found.remove();
  await directory.remove();
});

function start({ url }: { readonly url: string }) {
  return startServer({ dataDirectory: directory.path, databaseUrl: url }, kept);
}

function clientOf(storage: Storage, baseUrl = server?.baseUrl ?? ''): VaultClient {
  return createVaultClient({ baseUrl, realm, storage, kdf: nativeKdf, timeoutMs: 20_000 });
}

async function command(database: { readonly url: string }, ...args: readonly string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], DATABASE_URL: database.url, ...kept };
  const { stdout } = await run(process.execPath, ['--conditions=@zkvault/source', CLI, ...args], { env });
  return stdout;
}

it('brings everything back, on another machine, and hides from nobody that it is older', {
  timeout: 400_000,
}, async () => {
  server = await start(lost);
  const pinned = memoryStorage();
  const before = clientOf(pinned);
  const secretKey = (await before.register({ login, password })).secretKey ?? '';
  await before.login({ login, password });
  const { id } = await before.entries.create({ type: 'login', ...secrets });
  const setup = await before.secondFactor.setup({ password });
  const totp = await presentTotp(seedOf(setup.secret));
  const { recoveryCodes } = await before.secondFactor.verify({ password, totp });

  // The backup is taken while the server runs, the vault goes on, and then the machine is gone.
  const [key, file] = [join(directory.path, 'backup.key'), join(directory.path, 'backup')];
  await writeFile(key, await command(found, 'gen-secret', '--backup-key'));
  const made = await command(lost, 'backup', file, '--key', key);
  await before.entries.create({ type: 'note', title: 'written too late' });
  await server.kill();

  const verified = await command(found, 'backup', 'verify', file, '--key', key);
  await command(found, 'restore', file, '--key', key);
  server = await start(found);

  // Who knows nothing of the past gets in with the second factor, and reads everything.
  const anew = clientOf(memoryStorage());
  const secondFactor = { recoveryCode: recoveryCodes[0] ?? '' };
  await anew.login({ login, password, secretKey, secondFactor });
  const entries = await anew.entries.list();
  expect(entries).toHaveLength(1);
  expect(await anew.entries.get(id)).toMatchObject(secrets);

  // Who has seen more is told so, can still read it without the network, and believes no server blindly.
  const offline = clientOf(pinned, 'http://127.0.0.1:1');
  await offline.unlock({ password });
  expect((await offline.entries.list()).map(({ title }) => title)).toContain('written too late');
  const after = clientOf(pinned);
  const shown = after
    .login({ login, password, secondFactor: { recoveryCode: recoveryCodes[1] ?? '' } })
    .then(() => after.entries.list());
  await expect(shown).rejects.toBeInstanceOf(RollbackError);
  after.resumeAfterIntegrityFailure();
  await expect(after.sync()).rejects.toBeInstanceOf(RollbackError);

  // Who decides to believe the operator begins with an empty storage, and writes again what was saved offline.
  const saved = (await offline.entries.list()).filter(
    (entry) => !entries.some((restored) => restored.id === entry.id),
  );
  const begun = clientOf(memoryStorage());
  await begun.login({
    login,
    password,
    secretKey,
    secondFactor: { recoveryCode: recoveryCodes[2] ?? '' },
  });
  const { freshness } = await begun.sync();
  await begun.entries.createMany(saved.map(({ title }) => ({ type: 'note', title })));
  expect(freshness).toBe('unanchored');
  expect((await begun.entries.list()).map(({ title }) => title).toSorted()).toEqual(
    [secrets.title, 'written too late'].toSorted(),
  );
  // The old storage goes on to refuse: it remembers another history.
  await expect(after.sync()).rejects.toBeInstanceOf(IntegrityError);

  await server.stop();
  expect(await command(found, 'audit', 'verify')).toContain('The audit log is whole');
  for (const text of [made, verified]) expect(text).toMatch(/^ +\d+ audit_events$/m);
  const bytes = (await readFile(file)).toString('latin1');
  const needles = [login, secretKey, password, setup.secret, ...recoveryCodes, ...Object.values(secrets)];
  expect(findNeedles(bytes, needles)).toEqual([]);
});
