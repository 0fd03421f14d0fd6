/**
 * @file A real Redis for tests: that of ZKVAULT_TEST_REDIS_URL, or a process of a `redis-server` that the
 * machine has, or of the one in Debian's packages, which are unpacked into `node_modules/.cache`, not installed.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = resolve(import.meta.dirname, '../../../node_modules/.cache/zkvault');
const UNPACKED = join(CACHE, 'redis');
const PACKAGES = ['redis-server', 'redis-tools', 'libatomic1', 'libjemalloc2', 'liblzf1'];

/** A program that speaks Redis's protocol, and the environment it needs. */
export interface RedisProgram {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A running Redis. */
export interface TemporaryRedis {
  readonly url: string;
  /** Stops answering without closing a connection, and goes on. */
  pause(): void;
  resume(): void;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
  /** Starts it again at the same place, empty. */
  restart(): Promise<void>;
}

/** Finds a Redis that can be started; undefined if there is none and none can be fetched. */
export async function findRedis(): Promise<RedisProgram | undefined> {
  for (const name of ['redis-server', 'valkey-server']) {
    const found = await run(name, ['--version']).catch(() => undefined);
    if (found !== undefined) return { path: name, env: process.env };
  }
  if (!existsSync(UNPACKED) && !(await unpackDebianPackages())) return undefined;
  const libraries = join(UNPACKED, 'usr/lib');
  const paths = readdirSync(libraries).map((name) => join(libraries, name));
  return {
    path: join(UNPACKED, 'usr/bin/redis-server'),
    env: { ...process.env, LD_LIBRARY_PATH: paths.join(':') },
  };
}

/** @returns false on a machine without apt, or without a way to Debian's archive. */
async function unpackDebianPackages(): Promise<boolean> {
  await mkdir(CACHE, { recursive: true });
  const staging = await mkdtemp(join(CACHE, 'unpacking-'));
  try {
    await run('apt-get', ['download', ...PACKAGES], { cwd: staging });
    for (const file of await readdir(staging))
      await run('dpkg-deb', ['--extract', file, 'root'], { cwd: staging });
    await rename(join(staging, 'root'), UNPACKED);
    return true;
  } catch {
    // The rename fails if another process was faster, which is as good.
    return existsSync(UNPACKED);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Starts Redis on a free port of 127.0.0.1, keeping nothing on disk. */
export async function startRedis(program: RedisProgram): Promise<TemporaryRedis> {
  const port = await freePort();
  let child = await launch(program, port);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill,
    async restart() {
      await kill();
      child = await launch(program, port);
    },
  };
}

async function launch({ path, env }: RedisProgram, port: number): Promise<ChildProcess> {
  const options = ['--bind', '127.0.0.1', '--port', `${port}`, '--save', '', '--appendonly', 'no'];
  const child = spawn(path, options, { env, cwd: tmpdir(), stdio: 'ignore' });
  for (let tries = 0; tries < 200; tries += 1) {
    if (await isListening(port)) return child;
    if (child.exitCode !== null) break;
    await sleep(25);
  }
  child.kill('SIGKILL');
  throw new Error('redis did not start');
}

function isListening(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** A port nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
