import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBitwardenExport } from '../../../packages/sdk/test/bitwarden-export.ts';
import {
  type DeviceUnderTest,
  findFreePort,
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

beforeAll(async () => {
  server = await startServer();
  proxy = await startProxy(server.url);
  ({ device } = await registerAda(proxy.url));
}, 120_000);
afterAll(async () => {
  await device.remove();
  await proxy.stop();
  await server.stop();
});

/** What a failure looks like: nothing on standard output, one line on standard error. */
const failure = (code: number, hint = '') => ({
  code,
  stdout: '',
  stderr: expect.stringMatching(new RegExp(`^zkvault: [^\\n]*${hint}[^\\n]*\\n$`)) as string,
});

/** Runs and expects success. */
async function ok(words: readonly string[], stdin?: string): Promise<string> {
  const run = await device.run(words, stdin);
  expect(run).toMatchObject({ code: 0 });
  return run.stdout;
}

describe('entries on the command line', () => {
  it('are added with their secrets from standard input, and read back by id, title or field', async () => {
    const id = (
      await ok(
        [
          'add',
          'login',
          '--title',
          'Mail',
          '--username',
          'ada',
          '--url',
          'https://m.example',
          '--tag',
          'a',
          '--secret',
          'totp',
          '--secret-stdin',
        ],
        'p"w,ü\tx\nJBSWY3DP\n',
      )
    ).trimEnd();

    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await ok(['get', 'mail', '--field', 'password'])).toBe('p"w,ü\tx\n');
    expect(await ok(['get', id.slice(0, 8), '--field', 'totp'])).toBe('JBSWY3DP\n');
    const shown = await ok(['get', id]);
    expect(shown).toContain('username\tada\n');
    expect(shown).not.toContain('JBSWY3DP');
    expect(JSON.parse(await ok(['get', id, '--json']))).toMatchObject({
      password: null,
      hidden: ['password', 'totp'],
    });
    expect(JSON.parse(await ok(['get', id, '--json', '--reveal']))).toMatchObject({ password: 'p"w,ü\tx' });
  });

  it('are listed without any secret, as lines with tabs and as JSON', async () => {
    await ok(['add', 'card', '--title', 'Visa \u001b[31m\ttab', '--secret-stdin'], '4000canary\n123canary\n');

    const lines = await ok(['list', '--type', 'card']);
    const json = JSON.parse(await ok(['list', '--json'])) as { title: string }[];

    expect(lines.split('\n')[0]?.split('\t')).toHaveLength(5);
    expect(lines).toContain('Visa \\x1b[31m\\ttab');
    expect(json.map(({ title }) => title)).toContain('Visa \u001b[31m\ttab');
    expect(lines + JSON.stringify(json)).not.toContain('canary');
  });

  it('of several lines are taken whole: a note and an SSH key', async () => {
    await ok(['add', 'note', '--title', 'Note', '--secret-stdin'], 'one\n\n  three\n');
    await ok(['add', 'ssh-key', '--title', 'Key', '--secret-stdin'], '-----BEGIN-----\nx\n-----END-----\n');

    expect(await ok(['get', 'Note', '--field', 'notes'])).toBe('one\n\n  three\n');
    expect(await ok(['get', 'Key', '--field', 'privateKey'])).toBe('-----BEGIN-----\nx\n-----END-----\n');
  });

  it('are changed in what is named and nothing else', async () => {
    const add = ['add', 'login', '--title', 'Shop', '--url', 'https://a.example', '--tag', 'x', '--favorite'];
    await ok([...add, '--field', 'pin=1', '--field', 'size=L', '--secret-stdin'], 'old canary\n');
    const flags = ['--title', 'Shop 2', '--username', 'ada', '--url', 'https://b.example', '--no-favorite'];
    const fields = ['--field', 'size=XL', '--remove-field', 'pin', '--hidden-field', 'code'];

    const id = await ok(
      ['edit', 'Shop', ...flags, ...fields, '--secret', 'password', '--secret-stdin'],
      'new\n42\n',
    );

    const entry = JSON.parse(await ok(['get', id.trimEnd(), '--json', '--reveal'])) as object;
    expect(entry).toMatchObject({
      title: 'Shop 2',
      username: 'ada',
      password: 'new',
      urls: ['https://b.example'],
      tags: ['x'],
      favorite: false,
      fields: [
        { name: 'size', value: 'XL', hidden: false },
        { name: 'code', value: '42', hidden: true },
      ],
      version: 2,
    });
  });

  it.for([
    [['--username', 'x'], 2, 'no field username'],
    [['--url', 'https://x.example'], 2, 'only a login'],
    [['--set', 'notes=x'], 2, 'secret'],
    [['--secret', 'password'], 2, 'no secret password'],
    [['--generate'], 2, 'only a login'],
    [['--remove-field', 'absent'], 5, 'no field'],
    [[], 2, 'nothing to change'],
  ] as const)('refuse a change they cannot take: %j', async ([flags, code, hint]) => {
    await device.run(['add', 'note', '--title', 'Fixed', '--secret-stdin'], 'x\n');
    const { id } = (JSON.parse(await ok(['list', '--json'])) as { id: string; title: string }[]).find(
      ({ title }) => title === 'Fixed',
    )!;

    expect(await device.run(['edit', id, ...flags])).toEqual(failure(code, hint));
  });

  it('are deleted only by who means it', async () => {
    const id = (await ok(['add', 'note', '--title', 'Gone', '--secret-stdin'], 'x\n')).trimEnd();

    expect(await device.run(['delete', id])).toEqual(failure(2, '--yes'));
    expect(await ok(['get', id, '--field', 'notes'])).toBe('x\n');
    expect(JSON.parse(await ok(['delete', id, '--yes', '--json']))).toEqual({ id, deleted: true });

    expect(await device.run(['get', id])).toEqual(failure(5));
    expect(await device.run(['delete', id, '--yes'])).toEqual(failure(5));
  });

  it('get a made password that is shown only when it is asked for', async () => {
    const run = await device.run(['add', 'login', '--title', 'Made', '--generate', '--length', '24']);

    const made = (await ok(['get', 'Made', '--field', 'password'])).trimEnd();

    expect(made).toHaveLength(24);
    expect(run.stdout + run.stderr).not.toContain(made);
  });
});

describe('an import', () => {
  it('says first what it would do, does it, and doubles nothing the second time', async () => {
    const file = join(device.home, 'export.json');
    const source = makeBitwardenExport(1_200, 5);
    await writeFile(
      file,
      JSON.stringify({ ...source, items: [...source.items, { type: 99, name: 'canary' }] }),
    );
    const words = ['import', 'export.json', '--format', 'bitwarden-json'];

    const dry = await device.run([...words, '--dry-run', '--json']);
    const first = await device.run(words);
    const second = await device.run([...words, '--json']);

    expect(JSON.parse(dry.stdout)).toMatchObject({ dryRun: true, saved: 0, toSave: 1_200, duplicates: 0 });
    expect(first.stderr).toBe('1000 of 1200 entries saved\n1200 of 1200 entries saved\n');
    expect(first.stdout).toMatch(/^saved\t1200\nduplicates\t0\nrejected\t1\nrow 1201\ttype-unknown\t/);
    expect(first.stdout + first.stderr).not.toContain('canary');
    expect(JSON.parse(second.stdout)).toMatchObject({ saved: 0, duplicates: 1_200 });
  });

  it('that is interrupted says what is saved, and doubles nothing when it is run again', async () => {
    const source = makeBitwardenExport(5_000, 6);
    await writeFile(join(device.home, 'large.json'), JSON.stringify(source));
    const words = ['import', 'large.json', '--format', 'bitwarden-json'];
    const child = device.start(words);
    let stderr = '';
    child.stderr?.on('data', (text) => {
      stderr += String(text);
      if (stderr === '1000 of 5000 entries saved\n') child.kill('SIGINT');
    });

    const [code] = (await once(child, 'close')) as [number | null];
    const again = await device.run([...words, '--json']);
    const third = await device.run([...words, '--dry-run', '--json']);

    expect(code).toBe(130);
    expect(stderr).toMatch(
      /\d000 entries are saved\. Run the same command again for the rest\.\nzkvault: interrupted\n$/,
    );
    const { saved, duplicates } = JSON.parse(again.stdout) as { saved: number; duplicates: number };
    expect(saved + duplicates).toBe(5_000);
    expect(duplicates).toBeGreaterThanOrEqual(1_000);
    expect(saved).toBeGreaterThan(0);
    expect(JSON.parse(third.stdout)).toMatchObject({ toSave: 0, duplicates: 5_000 });
  });

  it.for([
    ['a file that is not there', 'none.json', 'bitwarden-json', 1],
    ['an encrypted export', 'encrypted.json', 'bitwarden-json', 1],
    ['a file that is not UTF-8', 'latin1.csv', 'chrome-csv', 1],
    ['a format nobody knows', 'encrypted.json', 'keepass', 2],
  ] as const)('of %s fails with a plain reason', async ([, file, format, code]) => {
    await writeFile(join(device.home, 'encrypted.json'), '{"encrypted":true}');
    await writeFile(
      join(device.home, 'latin1.csv'),
      Buffer.from('name,url,username,password\nZo\xeb,,,\n', 'latin1'),
    );

    const run = await device.run(['import', file, '--format', format]);

    expect(run).toMatchObject(failure(code));
  });
});

describe('a failure', () => {
  it('is exit 4 while the vault is locked, and a password on standard input opens it for one command', async () => {
    await ok(['lock']);

    expect(await device.run(['list'])).toMatchObject(failure(4, 'zkvault unlock'));
    expect(await ok(['get', 'Mail', '--field', 'username', '--password-stdin'], `${PASSWORD}\n`)).toBe(
      'ada\n',
    );
    expect(await device.run(['list'])).toMatchObject(failure(4));
    expect(await device.run(['unlock', '--password-stdin'], 'not the right password\n')).toMatchObject(
      failure(1),
    );

    await ok(['unlock', '--password-stdin'], `${PASSWORD}\n`);
    expect(await ok(['get', 'Mail', '--field', 'username'])).toBe('ada\n');
  });

  it.runIf(process.platform === 'linux')('is exit 4 after the background process was killed', async () => {
    const pid = await findAgentPid(device.home);
    process.kill(pid, 'SIGKILL');

    await expect.poll(async () => (await device.run(['list'])).code, { timeout: 20_000 }).toBe(4);

    await ok(['unlock', '--password-stdin'], PASSWORD);
  });

  it('is exit 5 for an entry or a field that is not there', async () => {
    expect(await device.run(['get', '00000000-0000-4000-8000-000000000000'])).toMatchObject(failure(5));
    expect(await device.run(['get', 'Mail', '--field', 'number'])).toMatchObject(failure(5));
  });

  it('is exit 7 if nobody answers', async () => {
    const away = `http://127.0.0.1:${await findFreePort()}`;
    const stranger = await makeDevice(away);

    expect(await stranger.run(['login', 'ada', '--password-stdin'], PASSWORD)).toMatchObject(failure(7));
    await stranger.remove();
  });

  it('is JSON on standard error if results would be', async () => {
    const run = await device.run(['get', 'nothing of that name', '--json']);

    expect(run).toMatchObject({ code: 5, stdout: '' });
    expect(JSON.parse(run.stderr)).toEqual({
      error: { code: 'entry-not-found', exitCode: 5, message: expect.any(String) },
    });
  });

  it('of the password tells nothing but that', async () => {
    const stranger = await makeDevice(proxy.url);

    const run = await stranger.run(['login', 'ada', '--password-stdin'], 'canary of the wrong kind\n');

    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).not.toContain('canary');
    await stranger.remove();
  });
});

it('does not renew the session for every command', async () => {
  const before = proxy.requests.length;

  for (let round = 0; round < 5; round += 1) await ok(['list']);

  expect(proxy.requests.slice(before).filter((request) => request.includes('/auth/'))).toEqual([]);
});

it('ends quietly when its reader has enough', async () => {
  const child = device.start(['list']);
  child.stdout?.destroy();
  let stderr = '';
  child.stderr?.on('data', (text) => {
    stderr += String(text);
  });

  const [code] = (await once(child, 'close')) as [number];

  expect([code, stderr]).toEqual([0, '']);
});

/** The process that listens in the runtime directory of a device. */
async function findAgentPid(home: string): Promise<number> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('agent-process') && command.includes(home)) return Number(pid);
  }
  throw new Error('no agent is running');
}
