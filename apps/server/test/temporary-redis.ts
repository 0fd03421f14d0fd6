/**
 * @file A real Redis for tests: that of ZKVAULT_TEST_REDIS_URL, or a process of the machine's `redis-server`
 * or of Debian's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram, type Program } from '../../../test/debian-program.ts';

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
export function findRedis(): Promise<Program | undefined> {
  return findProgram({
    names: ['redis-server', 'valkey-server'],
    probe: ['--version'],
    packages: ['redis-server', 'redis-tools', 'libatomic1', 'libjemalloc2', 'liblzf1'],
    path: 'usr/bin/redis-server',
  });
}

/** Starts Redis on a free port of 127.0.0.1, keeping nothing on disk. */
export async function startRedis(program: Program): Promise<TemporaryRedis> {
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

async function launch({ path, env }: Program, port: number): Promise<ChildProcess> {
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
