/**
 * The units of deploy/systemd: what systemd's own tool says of them, and the commands of the backup run one by one,
 * as the role that runs the server.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '../../../../test/debian-program.ts';
import { makePostgresDatabase } from '../../../server/test/test-database.ts';

const run = promisify(execFile);
const UNITS = fileURLToPath(new URL('../../../../deploy/systemd/', import.meta.url));
const COMMANDS = fileURLToPath(new URL('../../../server/src/cli.ts', import.meta.url));
const FILES = ['zkvault.service', 'zkvault-backup.service', 'zkvault-backup.timer'] as const;
/** systemd calls up to 2.0 “OK” and rates what a unit may do, not what it does. */
const MOST_EXPOSED = 1.5;
const MINUTE = 60_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zkvault-units-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const read = (name: string): string => readFileSync(UNITS + name, 'utf8');
const valuesOf = (name: string, setting: string): readonly string[] =>
  [...read(name).matchAll(new RegExp(`^${setting}=(.*)$`, 'gm'))].map(([, value = '']) => value);

const analyze = await findProgram({
  names: ['systemd-analyze'],
  probe: ['--version'],
  packages: [],
  path: 'usr/bin/systemd-analyze',
});

describe.skipIf(analyze === undefined)('the units (need systemd-analyze)', () => {
  it('are units that systemd takes without a remark', { timeout: MINUTE }, async () => {
    // Node is elsewhere where the tests run.
    for (const name of FILES)
      await writeFile(join(folder, name), read(name).replaceAll('/usr/bin/node', process.execPath));

    const { stdout, stderr } = await run(analyze!.path, [
      'verify',
      '--man=no',
      ...FILES.map((name) => join(folder, name)),
    ]);

    expect(stdout + stderr).toBe('');
  });

  it.for(['zkvault.service', 'zkvault-backup.service'] as const)(
    'expose little: %s',
    { timeout: MINUTE },
    async (name) => {
      const copy = join(folder, `exposed-${name}`);
      await copyFile(UNITS + name, copy);

      const { stdout } = await run(analyze!.path, ['security', '--offline=true', '--no-pager', copy]);

      const [, exposure] = /exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
      expect(Number(exposure)).toBeLessThanOrEqual(MOST_EXPOSED);
    },
  );

  it('back up once a night', { timeout: MINUTE }, async () => {
    const [when = ''] = valuesOf('zkvault-backup.timer', 'OnCalendar');

    const { stdout } = await run(analyze!.path, ['calendar', '--iterations=2', when], {
      env: { ...process.env, TZ: 'UTC' },
    });

    const times = [...stdout.matchAll(/(?:Next elapse|Iter\. #2): \w+ (\S+ \S+) UTC/g)].map(([, time = '']) =>
      Date.parse(`${time.replace(' ', 'T')}Z`),
    );
    expect(times).toHaveLength(2);
    expect(times[1]! - times[0]!).toBe(86_400_000);
  });
});

it('the backup is made, read back, and only then are old ones removed', { timeout: 2 * MINUTE }, async () => {
  const database = await makePostgresDatabase('migrated');
  const [state, credentials] = [join(folder, 'state'), join(folder, 'credentials')];
  await mkdir(state);
  await mkdir(credentials);
  const { stdout: key } = await run(process.execPath, [
    '--conditions=@zkvault/source',
    COMMANDS,
    'gen-secret',
    '--backup-key',
  ]);
  await writeFile(join(credentials, 'backup_key'), key);
  await writeFile(join(credentials, 'database_url'), database.url);
  const old = join(state, '2020-01-01T031700Z.zkvault');
  const givenOld = async (file: string): Promise<void> => {
    await writeFile(file, 'of another time');
    await utimes(file, new Date('2020-01-01'), new Date('2020-01-01'));
  };
  await givenOld(old);
  await givenOld(`${old}.unfinished`);
  const env = {
    PATH: process.env['PATH'],
    STATE_DIRECTORY: state,
    CREDENTIALS_DIRECTORY: credentials,
    ...Object.fromEntries(
      valuesOf('zkvault-backup.service', 'Environment').map((pair) =>
        pair.replace('%d', credentials).split('='),
      ),
    ),
  };
  // What systemd does with a line: %% is %, its variables are those of the unit. Quotes are as a shell has them.
  const lines = valuesOf('zkvault-backup.service', 'ExecStart').map((line) =>
    line
      .replaceAll('%%', '%')
      .replaceAll(
        '/usr/bin/node /opt/zkvault/dist/cli.js',
        `${process.execPath} --conditions=@zkvault/source ${COMMANDS}`,
      ),
  );
  const outputs: string[] = [];
  try {
    for (const line of lines) {
      const { stdout } = await run('/bin/sh', ['-ec', line], { env, cwd: folder });
      outputs.push(stdout);
    }

    expect(outputs[1]).toContain('The backup is whole');
    const left = await readdir(state);
    expect(left).toHaveLength(1);
    expect(left[0]).toMatch(/^\d{4}-\d\d-\d\dT\d{6}Z\.zkvault$/);

    // What is not whole ends the unit before anything is removed.
    await givenOld(old);
    await writeFile(join(state, '9999-01-01T000000Z.zkvault'), 'cut off');
    await expect(run('/bin/sh', ['-ec', lines[1]!], { env, cwd: folder })).rejects.toThrow(/is not a backup/);
    expect(await readdir(state)).toHaveLength(3);
  } finally {
    await database.remove();
  }
});
