import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DeviceUnderTest,
  makeDevice,
  PASSWORD,
  registerAda,
  type ServerUnderTest,
  startServer,
} from './harness.ts';

let server: ServerUnderTest;
let device: DeviceUnderTest;

beforeAll(async () => {
  server = await startServer();
  ({ device } = await registerAda(server.url));
}, 120_000);
afterAll(async () => {
  await device.remove();
  await server.stop();
});

describe('zkvault account', () => {
  it('shows what the server has about its owner', async () => {
    const lines = await device.run(['account', 'show']);
    const json = await device.run(['account', 'show', '--json']);

    expect(lines).toMatchObject({ code: 0, stderr: '' });
    expect(lines.stdout).toMatch(/^login\tada\naccount\t[0-9a-f-]{36}\nrole\tuser\nsince\t\S+Z\n$/);
    expect(JSON.parse(json.stdout)).toMatchObject({ login: 'ada', role: 'user', email: null });
  });

  it('deletes nothing without --yes, or with a wrong password', async () => {
    const unmeant = await device.run(['account', 'delete', '--password-stdin'], PASSWORD);
    const wrong = await device.run(['account', 'delete', '--yes', '--password-stdin'], `${PASSWORD}!`);

    expect(unmeant).toMatchObject({ code: 2, stdout: '' });
    expect(wrong).toMatchObject({ code: 1, stdout: '', stderr: 'zkvault: the password is wrong\n' });
    expect(await device.run(['account', 'show'])).toMatchObject({ code: 0 });
  });

  it('deletes the account, and leaves nothing of it on this device', async () => {
    await device.run(['add', 'note', '--title', 'gone', '--secret-stdin'], 'x');

    const run = await device.run(['account', 'delete', '--yes', '--password-stdin'], PASSWORD);
    const login = await device.run(['login', 'ada', '--password-stdin'], PASSWORD);
    const list = await device.run(['list']);

    expect(run).toMatchObject({ code: 0, stdout: '' });
    expect(login.code).toBe(1);
    expect(list.code).toBe(3);
    const names = await readdir(join(device.home, 'state'), { recursive: true });
    expect(names.filter((name) => /\.(?:account|tokens|pins|secret-key|cache)/.test(name))).toEqual([]);
    expect((await device.run(['register', 'ada', '--password-stdin'], PASSWORD)).code).toBe(0);
  });
});

describe('an invitation', () => {
  it('is read from the line after the password, and refused where it is none', async () => {
    const other = await makeDevice(server.url);
    const register = (invitation: string) =>
      other.run(
        ['register', 'grace', '--password-stdin', '--invitation-stdin'],
        `${PASSWORD}\n${invitation}`,
      );

    const none = await register('');
    const malformed = await register('abc');
    const unknown = await register(Buffer.alloc(32, 7).toString('base64url'));
    await other.remove();

    expect(none).toMatchObject({ code: 2, stdout: '' });
    expect(malformed).toMatchObject({ code: 2, stdout: '' });
    expect(unknown).toMatchObject({ code: 6, stdout: '' });
    expect(unknown.stderr).toContain('invitation');
  });
});
