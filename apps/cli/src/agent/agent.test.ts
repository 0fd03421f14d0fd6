import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Agent, makeAgent } from './agent-client.ts';

let directory = '';
let address = '';
let agent: Agent;
const key = new Uint8Array(32).map((_, index) => index * 7);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'zkv-agent-'));
  address = join(directory, 'agent.sock');
  agent = makeAgent(address);
});
afterEach(async () => {
  await agent.end();
  await rm(directory, { recursive: true, force: true });
});

/** The process ids of agents at our address, as everybody on the machine can see them. */
async function findProcesses(): Promise<{ readonly pid: number; readonly visible: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const read = (name: string): Promise<string> =>
        readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '');
      return { pid: Number(pid), command: await read('cmdline'), environment: await read('environ') };
    }),
  );
  return found
    .filter(({ command }) => command.includes(address) && command.includes('agent-process'))
    .map(({ pid, command, environment }) => ({ pid, visible: command + environment }));
}

describe('the agent', () => {
  it('gives back the key it was started with, until it is ended', async () => {
    expect(await agent.findKey()).toBeUndefined();
    await agent.start(key, 60_000);

    expect(await agent.findKey()).toEqual(key);
    expect(await agent.findEndsInMs()).toBeGreaterThan(50_000);

    expect(await agent.end()).toBe(true);
    expect(await agent.findKey()).toBeUndefined();
    expect(await agent.end()).toBe(false);
    expect(await readdir(directory)).toEqual([]);
  });

  it('lets only the user reach its socket', async () => {
    await agent.start(key, 60_000);

    expect((await stat(address)).mode & 0o777).toBe(0o600);
  });

  it('ends by itself when nobody asked for the key for the timeout; a use puts that off, a peek does not', async () => {
    await agent.start(key, 1_500);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await agent.findKey()).toEqual(key);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await agent.findKey({ peek: true })).toEqual(key);
    await new Promise((resolve) => setTimeout(resolve, 1_000));

    expect(await agent.findKey()).toBeUndefined();
  });

  it('takes the place of the one that ran before', async () => {
    await agent.start(key, 60_000);
    const other = new Uint8Array(32).fill(9);

    await agent.start(other, 60_000);

    expect(await agent.findKey()).toEqual(other);
    if (process.platform === 'linux') expect(await findProcesses()).toHaveLength(1);
  });

  it.runIf(process.platform === 'linux')(
    'is forgotten when it is killed, and another can start',
    async () => {
      await agent.start(key, 60_000);
      for (const { pid } of await findProcesses()) process.kill(pid, 'SIGKILL');

      await expect.poll(() => agent.findKey()).toBeUndefined();

      expect(await readdir(directory)).toEqual(['agent.sock']);
      await agent.start(key, 60_000);
      expect(await agent.findKey()).toEqual(key);
    },
  );

  it.runIf(process.platform === 'linux')(
    'has the key neither in its arguments nor in its environment',
    async () => {
      const text = 'canary-unlock-key-of-32-bytes-!!';
      await agent.start(new TextEncoder().encode(text), 60_000);

      const [found] = await findProcesses();

      expect(found?.visible).toContain(address);
      expect(found?.visible).not.toContain('canary');
      expect(found?.visible).not.toContain(Buffer.from(text).toString('base64'));
      expect(found?.visible).not.toContain(Buffer.from(text).toString('hex'));
    },
  );

  it('does not hold the streams of the command that started it', async () => {
    const module = new URL('./agent-client.ts', import.meta.url).href;
    const script = join(directory, 'start.mjs');
    await writeFile(
      script,
      `import { makeAgent } from '${module}';
       await makeAgent(process.argv[2]).start(new Uint8Array(32), 60_000);
       console.log('started');`,
    );
    const parent = spawn(process.execPath, [script, address], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    parent.stdout.on('data', (chunk) => {
      text += String(chunk);
    });

    // `close` comes when every holder of the streams is gone, `exit` when the parent is.
    await once(parent, 'close', { signal: AbortSignal.timeout(5_000) });

    expect(text).toBe('started\n');
    expect(await agent.findKey()).toEqual(new Uint8Array(32));
  });

  it('answers nothing to what it does not understand, and goes on', async () => {
    await agent.start(key, 60_000);
    for (const line of ['{"op":"steal"}\n', 'not json\n', 'null\n', 'x'.repeat(10_000)]) {
      const socket = connect(address);
      socket.on('error', () => {});
      socket.end(line);
      let answer = '';
      socket.on('data', (chunk) => {
        answer += String(chunk);
      });
      await once(socket, 'close');
      expect(answer).toBe('');
    }

    expect(await agent.findKey()).toEqual(key);
  });

  it('is not believed if something else listens at its address', async () => {
    const impostor = createServer((socket) => socket.resume().end('{"hello":1}\n')).listen(address);
    await once(impostor, 'listening');

    expect(await agent.findKey()).toBeUndefined();

    impostor.close();
    await once(impostor, 'close');
  });

  it('fails with a plain error if it cannot listen', async () => {
    const nowhere = makeAgent(join(directory, 'missing', 'agent.sock'));

    await expect(nowhere.start(key, 60_000)).rejects.toMatchObject({ code: 'agent-not-started' });
  });
});
