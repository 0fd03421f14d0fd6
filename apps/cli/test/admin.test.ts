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
let ada: DeviceUnderTest;
let grace: DeviceUnderTest;

beforeAll(async () => {
  server = await startServer({ ADMIN_LOGIN: 'ada', REGISTRATION: 'invitation' });
  ({ device: ada } = await registerAda(server.url));
  grace = await makeDevice(server.url);
}, 120_000);
afterAll(async () => {
  await ada.remove();
  await grace.remove();
  await server.stop();
});

/** Runs as the administrator and expects success. */
async function users(...words: readonly string[]): Promise<string> {
  const run = await ada.run(['admin', 'users', ...words]);
  expect(run).toMatchObject({ code: 0 });
  return run.stdout;
}

describe('an administrator on the command line', () => {
  it('invites somebody, who then registers', async () => {
    const token = await users('invite', '--role', 'moderator', '--hours', '1', '--quiet');
    const register = (line: string) =>
      grace.run(['register', 'grace', '--password-stdin', '--invitation-stdin'], `${PASSWORD}\n${line}`);

    const first = await register(token);
    const again = await makeDevice(server.url);
    const second = await again.run(
      ['register', 'eve', '--password-stdin', '--invitation-stdin'],
      `${PASSWORD}\n${token}`,
    );
    await again.remove();
    await grace.run(['login', 'grace', '--password-stdin'], PASSWORD);

    expect(first.code).toBe(0);
    expect(second.code).toBe(6);
    expect(await users('list')).toMatch(
      /^[0-9a-f-]{36}\tada\tadmin\tactive\t\S+\n[0-9a-f-]{36}\tgrace\tmoderator\tactive\t\S+\n$/,
    );
  });

  it('gives another role, which holds at once', async () => {
    const before = await grace.run(['admin', 'users', 'list']);
    await users('set-role', 'grace', 'user');
    const after = await grace.run(['admin', 'users', 'list']);
    const self = await grace.run(['account', 'show']);

    expect(before.code).toBe(0);
    expect(after).toMatchObject({ code: 1, stdout: '' });
    expect(after.stderr).toContain('role');
    expect(self.stdout).toContain('role\tuser\n');
  });

  it('stops an account and starts it again', async () => {
    const stopped = JSON.parse(await users('deactivate', 'grace', '--json')) as { isActive: boolean };
    const refused = await grace.run(['account', 'show']);
    const started = await users('activate', 'GRACE');
    const login = await grace.run(['login', 'grace', '--password-stdin'], PASSWORD);

    expect(stopped.isActive).toBe(false);
    expect(refused.code).toBe(3);
    expect(started).toContain('\tactive\t');
    expect(login.code).toBe(0);
  });

  it('cannot leave the server without an administrator, or delete the own account here', async () => {
    const resign = await ada.run(['admin', 'users', 'set-role', 'ada', 'user']);
    const own = await ada.run(['admin', 'users', 'delete', 'ada', '--yes']);

    expect(resign).toMatchObject({ code: 6, stdout: '' });
    expect(resign.stderr).toContain('last administrator');
    expect(own).toMatchObject({ code: 2, stdout: '' });
  });

  it.for([
    ['nobody', ['deactivate', 'nobody'], 5],
    ['a role that is none', ['set-role', 'ada', 'root'], 2],
    ['an invitation for ever', ['invite', '--hours', '721'], 2],
    ['a deletion without --yes', ['delete', 'grace'], 2],
  ] as const)('is refused %s', async ([, words, code]) => {
    expect(await ada.run(['admin', 'users', ...words])).toMatchObject({ code, stdout: '' });
  });

  it('deletes an account', async () => {
    await users('delete', 'grace', '--yes');

    expect(await users('list')).toMatch(/^\S+\tada\t[^\n]*\n$/);
    expect((await grace.run(['login', 'grace', '--password-stdin'], PASSWORD)).code).toBe(1);
  });
});
