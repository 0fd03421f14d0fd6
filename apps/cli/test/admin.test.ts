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

describe('the server on the command line', () => {
  const admin = async (...words: readonly string[]) => {
    const run = await ada.run(['admin', ...words]);
    expect(run).toMatchObject({ code: 0 });
    return run.stdout;
  };

  it('shows open invitations, and takes one back', async () => {
    const { id, token } = JSON.parse(await users('invite', '--json')) as { id: string; token: string };

    const before = await admin('invitations', 'list');
    await admin('invitations', 'revoke', id);
    const again = await ada.run(['admin', 'invitations', 'revoke', id]);
    const device = await makeDevice(server.url);
    const late = await device.run(
      ['register', 'late', '--password-stdin', '--invitation-stdin'],
      `${PASSWORD}\n${token}`,
    );
    await device.remove();

    expect(before).toContain(`${id}\tuser\t`);
    expect(before).not.toContain(token);
    expect(again).toMatchObject({ code: 5, stdout: '' });
    expect(late.code).not.toBe(0);
  });

  it('shows and changes settings', async () => {
    const changed = await admin(
      'settings',
      '--registration',
      'open',
      '--password-policy',
      '20/4/classes',
      '--lockout',
      '4/5',
      '--rate-limit',
      'login=7/hour',
      '--rate-limit',
      'refresh=off',
    );
    const back = JSON.parse(
      await admin(
        'settings',
        '--json',
        '--registration',
        'default',
        '--password-policy',
        'default',
        '--rate-limit',
        'login=default',
      ),
    ) as object;

    expect(changed).toMatch(/^registration\topen$/m);
    expect(changed).toMatch(/^password.minLength\t20$/m);
    expect(changed).toMatch(/^rateLimits.login\t7\/hour$/m);
    expect(back).toMatchObject({
      registration: 'invitation',
      password: { minLength: 12, minScore: 3, requireClasses: false },
      lockout: { maxFailedLogins: 4, minutes: 5 },
      rateLimits: { login: 'off', refresh: 'off' },
    });
  });

  it.for([
    ['--registration', 'closed'],
    ['--password-policy', '20'],
    ['--lockout', '5'],
    ['--rate-limit', 'logins=5/minute'],
    ['--rate-limit', 'login'],
  ])('does not send %s %s', async (words) => {
    expect(await ada.run(['admin', 'settings', ...words])).toMatchObject({ code: 2, stdout: '' });
  });

  it('counts, and lists the audit log by action', async () => {
    const stats = await admin('stats');
    const audit = JSON.parse(
      await admin('audit', '--action', 'settings-changed', '--limit', '1', '--json'),
    ) as {
      items: { action: string }[];
      nextCursor: string | null;
    };

    expect(stats).toMatch(/^users\.byRole\.admin\t1$/m);
    expect(audit.items.map(({ action }) => action)).toEqual(['settings-changed']);
    expect(audit.nextCursor).not.toBeNull();
  });
});

describe('zkvault sessions', () => {
  it('lists them, ends one and ends all', async () => {
    const events = await ada.run(['account', 'security-events', '--limit', '200']);
    const list = async () =>
      JSON.parse((await ada.run(['sessions', 'list', '--json'])).stdout) as {
        id: string;
        current: boolean;
      }[];
    await ada.run(['login', 'ada', '--password-stdin'], PASSWORD);
    const before = await list();
    const other = before.find(({ current }) => !current);

    const ended = await ada.run(['sessions', 'end', other?.id ?? '']);
    const after = await list();
    const unmeant = await ada.run(['sessions', 'end-all']);
    const all = await ada.run(['sessions', 'end-all', '--yes']);
    const out = await ada.run(['sessions', 'list']);

    expect(events.stdout).toMatch(/\tlogin\tsuccess\t127\.0\.0\.0\/24\t/);
    expect(ended.code).toBe(0);
    expect(after).toHaveLength(before.length - 1);
    expect(unmeant.code).toBe(2);
    expect(all.code).toBe(0);
    expect(out).toMatchObject({ code: 3, stdout: '' });
  });
});
