/**
 * The steps of the Dockerfile, one by one, in a clean folder: no engine for containers runs where the tests do. What
 * is not tried is the base image and the user.
 */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makePostgresDatabase } from '../../../server/test/test-database.ts';
import { startServer } from '../server-process.ts';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../../../..');
const MINUTES = 60_000;

/** An instruction, its lines joined. */
interface Instruction {
  readonly word: string;
  readonly rest: string;
}

let folder: string;
let instructions: readonly Instruction[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zkvault-image-'));
  const text = await readFile(join(ROOT, 'apps/server/Dockerfile'), 'utf8');
  instructions = text
    .replaceAll(/^#.*$/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ word: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const all = (word: string): readonly string[] =>
  instructions.filter((instruction) => instruction.word === word).map(({ rest }) => rest);

const settings = (line: string): Readonly<Record<string, string>> =>
  Object.fromEntries(line.split(' ').map((pair) => pair.split('=') as [string, string]));

it('make a server that starts, says that it is well, and has no tools to build with', {
  timeout: 15 * MINUTES,
}, async () => {
  const [source, app] = [join(folder, 'src'), join(folder, 'app')];
  // What COPY brings, but for what .dockerignore keeps out: it is no part of the repository.
  await run('git', ['clone', '--quiet', '--depth', '1', `file://${ROOT}`, source]);
  const [buildSettings = '', runSettings = ''] = all('ENV');
  const [build = ''] = all('RUN').filter((step) => step.includes('pnpm'));
  const { PATH = '', HOME = '' } = process.env;

  await run('bash', ['-ec', build.replace(/ \/app$/, ` ${app}`)], {
    cwd: source,
    env: { PATH, HOME, ...settings(buildSettings) },
    maxBuffer: 2 ** 26,
  });

  const database = await makePostgresDatabase('empty');
  const dataDirectory = join(folder, 'data');
  await mkdir(dataDirectory);
  const [command] = all('CMD').map((words) => JSON.parse(words) as string[]);
  const server = await startServer(
    { dataDirectory, databaseUrl: database.url },
    {
      ...settings(runSettings),
      HOST: '127.0.0.1',
      PORT: '0',
      ZKVAULT_DATA_DIR: dataDirectory,
      JWT_SECRET: randomBytes(48).toString('base64url'),
      SERVER_KEYS: `k1:${randomBytes(32).toString('base64url')}`,
    },
    [process.execPath, ...command!.slice(1, -1), join(app, command!.at(-1)!)],
  );
  try {
    const [, check = '[]'] = /CMD (.*)$/.exec(all('HEALTHCHECK')[0] ?? '') ?? [];
    const [, ...words] = JSON.parse(check) as string[];
    const port = new URL(server.baseUrl).port;
    const health = spawn(process.execPath, words, { env: { PATH, PORT: port } });
    const exit = await new Promise((done) => health.once('exit', done));

    expect(exit).toBe(0);
    expect(existsSync(join(app, 'node_modules/.bin/tsc'))).toBe(false);
    expect(existsSync(join(app, 'node_modules/typescript'))).toBe(false);
    expect(existsSync(join(app, 'node_modules/rolldown'))).toBe(false);
  } finally {
    await server.stop();
    await database.remove();
  }
});
