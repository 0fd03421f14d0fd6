/** The history of an entry and the rotation of the vault's key, through the program and a real server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DeviceUnderTest,
  makeDevice,
  PASSWORD,
  type ProxyUnderTest,
  registerAda,
  type ServerUnderTest,
  startProxy,
  startServer,
} from './harness.ts';

let server: ServerUnderTest;
let proxy: ProxyUnderTest;
let device: DeviceUnderTest;
let secretKey = '';

beforeAll(async () => {
  server = await startServer();
  proxy = await startProxy(server.url);
  ({ device, secretKey } = await registerAda(proxy.url));
}, 120_000);
afterAll(async () => {
  await device.remove();
  await proxy.stop();
  await server.stop();
});

async function ok(words: readonly string[], stdin?: string): Promise<string> {
  const run = await device.run(words, stdin);
  expect(run).toMatchObject({ code: 0 });
  return run.stdout;
}

describe('the history of an entry', () => {
  it('is listed without secrets, and a version can be brought back', async () => {
    await ok(['add', 'login', '--title', 'Mail', '--username', 'ada', '--secret-stdin'], 'canary-1\n');
    await ok(['edit', 'Mail', '--secret', 'password', '--secret-stdin'], 'canary-2\n');
    await ok(['edit', 'Mail', '--username', 'lovelace']);

    const lines = (await ok(['history', 'Mail'])).trimEnd().split('\n');
    const json = await ok(['history', 'Mail', '--json']);

    expect(lines.map((line) => line.split('\t')).map(([number, , , changed]) => [number, changed])).toEqual([
      ['3', 'username'],
      ['2', 'password'],
      ['1', 'title, username, password'],
    ]);
    expect(lines.join() + json).not.toContain('canary');
    expect(await ok(['history', 'Mail', '--json', '--reveal'])).toContain('canary-1');
    expect(JSON.parse(await ok(['restore', 'Mail', '1', '--json']))).toMatchObject({ version: 4 });
    expect(await ok(['get', 'Mail', '--field', 'password'])).toBe('canary-1\n');
    expect(await device.run(['restore', 'Mail', '9'])).toMatchObject({ code: 5, stdout: '' });
  });
});

describe('a rotation of the vault key', () => {
  it('keeps every entry, and asks other devices to log in again', async () => {
    const other = await makeDevice(proxy.url);
    const logIn = () => other.run(['login', 'ada', '--password-stdin'], `${PASSWORD}\n${secretKey}\n`);
    expect(await logIn()).toMatchObject({ code: 0 });
    expect(await other.run(['sync'])).toMatchObject({ code: 0 });

    const rotated = await device.run(['rotate-vault-key', '--yes']);

    expect(rotated).toMatchObject({ code: 0, stdout: '1\n', stderr: '1 of 1 entries sealed anew\n' });
    expect(await ok(['get', 'Mail', '--field', 'password'])).toBe('canary-1\n');
    expect((await ok(['history', 'Mail'])).trimEnd().split('\n')).toHaveLength(1);
    expect(await other.run(['sync'])).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringContaining('run zkvault login'),
    });
    expect(await other.run(['login', 'ada', '--password-stdin'], PASSWORD)).toMatchObject({ code: 0 });
    expect((await other.run(['get', 'Mail', '--field', 'password'])).stdout).toBe('canary-1\n');
    await other.remove();
  });

  it('that the server only says it made is exit 8, and running it again finishes it', async () => {
    proxy.setLie((path, answer) =>
      path.includes('/changes') && answer['vkEpoch'] === 3
        ? { ...answer, entries: (answer['entries'] as unknown[]).slice(1) }
        : answer,
    );
    const failed = await device.run(['rotate-vault-key', '--yes', '--json']);
    proxy.setLie(undefined);

    expect(failed).toMatchObject({ code: 8, stdout: '' });
    expect(JSON.parse(failed.stderr).error.code).toBe('rotation-incomplete');
    await ok(['rotate-vault-key', '--yes']);
    expect(await ok(['get', 'Mail', '--field', 'password'])).toBe('canary-1\n');
    expect(JSON.parse(await ok(['status', '--json'])).vaults).toMatchObject([
      { stale: false, durable: true },
    ]);
  });
});
