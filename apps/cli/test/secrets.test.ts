import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
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
  await ok(
    ['add', 'login', '--title', 'Mail', '--secret', 'totp', '--secret-stdin'],
    'canary password\nJBSWY3DP\n',
  );
}, 120_000);
afterAll(async () => {
  await device.remove();
  await server.stop();
});

/** Runs and expects success. */
async function ok(words: readonly string[], stdin?: string): Promise<string> {
  const run = await device.run(words, stdin);
  expect(run).toMatchObject({ code: 0 });
  return run.stdout;
}

describe('secrets', () => {
  it('are in no file of the state directory but the Secret Key, and nobody else can read those', async () => {
    const state = join(device.home, 'state');
    const names = await readdir(state, { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const all = Buffer.concat(await Promise.all(files.map((file) => readFile(file)))).toString('latin1');

    expect(all).not.toContain('canary');
    expect(all).not.toContain('JBSWY3DP');
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) expect((await stat(file)).mode & 0o777).toBe(0o600);
    for (const entry of names.filter((name) => name.isDirectory()))
      expect((await stat(join(entry.parentPath, entry.name))).mode & 0o777).toBe(0o700);
  });
});

describe('the Emergency Kit', () => {
  it('goes to a new file that only its owner can read, and is not shown then', async () => {
    const other = await makeDevice(server.url);

    const run = await other.run(
      ['register', 'grace', '--password-stdin', '--emergency-kit', 'kit.txt', '--json'],
      PASSWORD,
    );

    expect(run.code).toBe(0);
    expect(await readFile(join(other.home, 'kit.txt'), 'utf8')).toMatch(/ZK1-[0-9A-Z-]+/);
    expect((await stat(join(other.home, 'kit.txt'))).mode & 0o777).toBe(0o600);
    expect(run.stdout).not.toContain('ZK1-');
    await other.remove();
  });

  it('never replaces a file; then no account is made', async () => {
    const other = await makeDevice(server.url);
    await writeFile(join(other.home, 'kit.txt'), 'old');
    const register = ['register', 'edsger', '--password-stdin', '--emergency-kit'];

    expect(await other.run([...register, 'kit.txt'], PASSWORD)).toMatchObject({ code: 2, stdout: '' });

    expect(await readFile(join(other.home, 'kit.txt'), 'utf8')).toBe('old');
    expect(await other.run([...register, 'new.txt'], PASSWORD)).toMatchObject({ code: 0 });
    await other.remove();
  });

  it('is shown on standard output alone if no file was named', async () => {
    const other = await makeDevice(server.url);

    const run = await other.run(['register', 'barbara', '--password-stdin'], PASSWORD);

    expect(run.stdout).toMatch(/ZK1-[0-9A-Z-]+/);
    expect(run.stderr).not.toContain('ZK1-');
    expect(run.stdout + run.stderr).not.toContain('canary');
    await other.remove();
  });
});

it.skipIf(process.platform === 'win32')('refuses a runtime directory that others may enter', async () => {
  const other = await makeDevice(server.url);
  await mkdir(join(other.home, 'zkvault'));
  await chmod(join(other.home, 'zkvault'), 0o755);

  expect(await other.run(['lock'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('chmod 700'),
  });
  await other.remove();
});
