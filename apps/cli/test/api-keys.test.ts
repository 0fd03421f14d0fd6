import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
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

const SECRET = 'canary sixteen tons';

interface Made {
  readonly id: string;
  readonly token: string;
}

let server: ServerUnderTest;
let laptop: DeviceUnderTest;
let reader: Made;
let writer: Made;
const runners: DeviceUnderTest[] = [];

async function create(...words: readonly string[]): Promise<Made> {
  const run = await laptop.run(['api-key', 'create', ...words, '--password-stdin', '--json'], PASSWORD);
  if (run.code !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout) as Made;
}

/** A machine that has nothing but what is in its environment. */
async function runner(env: Readonly<Record<string, string>>): Promise<DeviceUnderTest> {
  const device = await makeDevice(server.url, env);
  runners.push(device);
  return device;
}

beforeAll(async () => {
  server = await startServer();
  ({ device: laptop } = await registerAda(server.url));
  await laptop.run(
    ['add', 'login', '--title', 'Database', '--username', 'svc', '--secret-stdin'],
    `${SECRET}\n\n`,
  );
  reader = await create('reader');
  writer = await create('robot', '--scope', 'read-write', '--expires-in', '1d', '--rate-limit', '1000');
}, 120_000);
afterAll(async () => {
  await laptop.remove();
  // They never had anything unlocked.
  for (const { home } of runners) await rm(home, { recursive: true, force: true });
  await server.stop();
});

describe('an API key', () => {
  it('lists and shows entries on a machine that never logged in', async () => {
    const ci = await runner({ ZKVAULT_API_KEY: reader.token });

    const listed = await ci.run(['list', '--json']);
    const field = await ci.run(['get', 'Database', '--field', 'password']);
    const synced = await ci.run(['sync', '--json']);

    expect(JSON.parse(listed.stdout)).toMatchObject([{ title: 'Database', username: 'svc' }]);
    expect(field).toEqual({ code: 0, stdout: `${SECRET}\n`, stderr: '' });
    expect(JSON.parse(synced.stdout)).toMatchObject({ freshness: 'pinned' });
  });

  it('may come from a file, and writes if it may', async () => {
    const ci = await runner({ ZKVAULT_API_KEY_FILE: 'key' });
    await writeFile(join(ci.home, 'key'), `${writer.token}\n`);

    const added = await ci.run(['add', 'note', '--title', 'From CI', '--secret-stdin'], 'text');
    const edited = await ci.run(['edit', 'From CI', '--title', 'By CI']);
    const seen = await laptop.run(['list', '--search', 'By CI']);
    const deleted = await ci.run(['delete', 'By CI', '--yes']);

    expect([added.code, edited.code, deleted.code]).toEqual([0, 0, 0]);
    expect(seen.stdout).toContain('By CI');
  });

  it('that may only read is told so', async () => {
    const ci = await runner({ ZKVAULT_API_KEY: reader.token });

    const run = await ci.run(['add', 'note', '--title', 'x', '--secret-stdin'], 'text');

    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toContain('may not do that');
  });

  it.for([
    ['the credential alone', (): string => reader.token.slice(0, 84), 2],
    ['nonsense', (): string => 'zkv_canary', 2],
    [
      'another auth half',
      (): string => `${reader.token.slice(0, 41)}${'A'.repeat(43)}${reader.token.slice(84)}`,
      3,
    ],
    ['another key half', (): string => `${reader.token.slice(0, 85)}${'A'.repeat(43)}`, 8],
  ] as const)('with %s opens nothing, and is not repeated', async ([, token, code]) => {
    const ci = await runner({ ZKVAULT_API_KEY: token() });

    const run = await ci.run(['list']);

    expect(run).toMatchObject({ code, stdout: '' });
    expect(run.stderr).not.toContain('zkv_c');
    expect(run.stderr).not.toContain(reader.token.slice(41, 84));
  });

  it('given twice, or in a file that is not there, is a mistake', async () => {
    const twice = await runner({ ZKVAULT_API_KEY: reader.token, ZKVAULT_API_KEY_FILE: 'key' });
    const nowhere = await runner({ ZKVAULT_API_KEY_FILE: 'nowhere' });

    expect((await twice.run(['list'])).code).toBe(2);
    expect((await nowhere.run(['list'])).code).toBe(2);
  });

  it('is listed without anything secret, replaced and revoked', { timeout: 120_000 }, async () => {
    const old = await create('old');
    const ci = await runner({ ZKVAULT_API_KEY: old.token });
    const rotated = await laptop.run(
      ['api-key', 'rotate', old.id, '--overlap', '1h', '--password-stdin'],
      PASSWORD,
    );
    const fresh = await runner({ ZKVAULT_API_KEY: rotated.stdout.trim() });

    const within = [await ci.run(['list']), await fresh.run(['list'])];
    const listed = await laptop.run(['api-key', 'list']);
    const newId = rotated.stdout.slice(4, 40);
    const revoked = [
      await laptop.run(['api-key', 'revoke', old.id]),
      await laptop.run(['api-key', 'revoke', newId]),
    ];
    const after = [await ci.run(['sync']), await fresh.run(['sync'])];
    const again = await laptop.run(['api-key', 'revoke', newId]);

    expect(rotated.stdout).toMatch(/^zkv_[0-9a-f-]{36}_[A-Za-z0-9_-]{43}_[A-Za-z0-9_-]{43}\n$/);
    expect(within.map(({ code }) => code)).toEqual([0, 0]);
    expect(listed.stdout).toContain(`replaced by ${newId}`);
    expect(listed.stdout).not.toContain('zkv_');
    expect(revoked.map(({ code }) => code)).toEqual([0, 0]);
    expect(after.map(({ code }) => code)).toEqual([3, 3]);
    expect(again.code).toBe(5);
  });

  it('is not made with a wrong password', async () => {
    const run = await laptop.run(
      ['api-key', 'create', 'x', '--password-stdin'],
      'another password than that',
    );

    expect(run).toMatchObject({ code: 1, stdout: '' });
  });
});

describe('zkvault run', () => {
  const PRINT =
    'process.stdout.write(JSON.stringify({a:process.env.A,b:process.env.B,k:process.env.ZKVAULT_API_KEY}))';

  it('starts a program with what its variables refer to, and without the key', async () => {
    const ci = await runner({ ZKVAULT_API_KEY: reader.token, A: 'zkvault://Database/password' });
    await writeFile(join(ci.home, '.env'), '# secrets\nB="zkvault://Database/username"\n');

    const run = await ci.run(['run', '--env-file', '.env', '--', process.execPath, '-e', PRINT]);

    expect({ ...run, stdout: JSON.parse(run.stdout) as unknown }).toEqual({
      code: 0,
      stdout: { a: SECRET, b: 'svc' },
      stderr: '',
    });
  });

  it('works with the session of a device as well', async () => {
    await writeFile(join(laptop.home, 'env'), 'A=zkvault://Database/password\n');

    const run = await laptop.run(['run', '--env-file', 'env', '--', process.execPath, '-e', PRINT]);

    expect(JSON.parse(run.stdout)).toEqual({ a: SECRET });
  });

  it.for([
    ['an entry that is not there', 'zkvault://Nowhere/password', 5, 'reference-not-found'],
    ['a field that is not there', 'zkvault://Database/nothing', 5, 'reference-not-found'],
    ['a reference without a form', 'zkvault://Database', 2, 'reference-invalid'],
  ] as const)('starts nothing for %s', async ([, reference, code, name]) => {
    const ci = await runner({
      ZKVAULT_API_KEY: reader.token,
      A: reference,
      B: 'zkvault://Database/password',
    });

    const run = await ci.run(['--json', 'run', '--', process.execPath, '-e', 'console.log("started")']);

    expect(run).toMatchObject({ code, stdout: '' });
    expect(JSON.parse(run.stderr)).toMatchObject({ error: { code: name, exitCode: code } });
    expect(run.stderr).not.toContain(SECRET);
  });

  it('ends with the exit code of the program, and passes words on as they are', async () => {
    const ci = await runner({});

    const script = 'console.log(JSON.stringify(process.argv.slice(1)));process.exit(42)';
    const run = await ci.run(['run', '--', process.execPath, '-e', script, '--', '--json', '-x', 'a b']);

    expect(run).toEqual({ code: 42, stdout: '["--json","-x","a b"]\n', stderr: '' });
  });

  it('says so if there is no such program', async () => {
    const ci = await runner({});

    const run = await ci.run(['--json', 'run', '--', 'no-such-program-here']);

    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toContain('program-not-started');
  });

  it.for([
    ['that ends by itself at a signal', "process.on('SIGTERM',()=>process.exit(7));", 7],
    ['that is ended by a signal', '', 143],
  ] as const)('hands signals to a program %s', async ([, handler, code]) => {
    const ci = await runner({});
    const child = ci.start([
      'run',
      '--',
      process.execPath,
      '-e',
      `${handler}console.log('up');setInterval(()=>{},9)`,
    ]);
    await once(child.stdout!, 'data');

    child.kill('SIGTERM');

    expect(await once(child, 'exit')).toEqual([code, null]);
  });
});
