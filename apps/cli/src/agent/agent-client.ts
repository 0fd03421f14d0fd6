/** @file Talks to the agent, and starts it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CliError } from '../cli-error.ts';
import { type AgentAnswer, type AgentRequest, MAX_LINE_LENGTH } from './agent-protocol.ts';

const ANSWER_MS = 3_000;
const START_MS = 10_000;

/** The agent of one state directory, running or not. */
export interface Agent {
  /**
   * The key it holds, or undefined if no agent answers. The caller owns the bytes and wipes them.
   *
   * @param options.peek does not count as a use that puts off the agent's end.
   */
  findKey(options?: { readonly peek?: boolean }): Promise<Uint8Array | undefined>;
  /** In how many milliseconds it ends if nobody asks for the key, or undefined if no agent answers. */
  findEndsInMs(): Promise<number | undefined>;
  /** Ends it. True if one was running. */
  end(): Promise<boolean>;
  /** Ends the one that runs and starts one with this key, which stays the caller's. */
  start(key: Uint8Array, timeoutMs: number): Promise<void>;
}

/** Makes the client of the agent at an address. Does no I/O. */
export function makeAgent(address: string): Agent {
  const agent: Agent = {
    async findKey({ peek = false } = {}) {
      const answer = await ask(address, { op: peek ? 'peek' : 'key' });
      if (answer === undefined || !('key' in answer)) return undefined;
      return new Uint8Array(Buffer.from(answer.key, 'base64'));
    },
    async findEndsInMs() {
      const answer = await ask(address, { op: 'status' });
      return answer !== undefined && 'endsInMs' in answer ? answer.endsInMs : undefined;
    },
    async end() {
      const wasRunning = (await ask(address, { op: 'end' })) !== undefined;
      if (wasRunning) await untilGone(address);
      return wasRunning;
    },
    async start(key, timeoutMs) {
      await agent.end();
      await startProcess(address, key, timeoutMs);
    },
  };
  return agent;
}

/** The answer, or undefined if nobody listens or what listens does not speak as the agent does. */
async function ask(address: string, request: AgentRequest): Promise<AgentAnswer | undefined> {
  const socket = connect(address);
  socket.setEncoding('utf8');
  socket.setTimeout(ANSWER_MS, () => socket.destroy());
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    let received = '';
    for await (const text of socket) {
      received += String(text);
      if (received.length > MAX_LINE_LENGTH) return undefined;
    }
    return JSON.parse(received) as AgentAnswer;
  } catch {
    // No socket, a socket that a killed agent left behind, or a stranger's answer: there is no agent.
    return undefined;
  } finally {
    socket.destroy();
  }
}

/** Waits until the agent no longer answers, so that a new one may take its place. */
async function untilGone(address: string): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    if ((await ask(address, { op: 'status' })) === undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Starts the agent and returns once it listens.
 *
 * The key goes over a pipe, not in an argument or the environment, which others can read. The agent gets
 * none of our own streams: a script that waits for our output to end would otherwise wait for the agent.
 */
async function startProcess(address: string, key: Uint8Array, timeoutMs: number): Promise<void> {
  const program = fileURLToPath(new URL(`./agent-process${extname(import.meta.url)}`, import.meta.url));
  const child = spawn(process.execPath, [program, address, String(timeoutMs)], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    cwd: process.platform === 'win32' ? undefined : '/',
    // Windows needs SystemRoot to open a socket; nothing of the rest is the agent's business.
    env: process.env['SystemRoot'] === undefined ? {} : { SystemRoot: process.env['SystemRoot'] },
    windowsHide: true,
  });
  const failure = new CliError(
    'error',
    'the background process that keeps the vault unlocked did not start',
    {
      code: 'agent-not-started',
    },
  );
  try {
    const signal = AbortSignal.timeout(START_MS);
    child.stdin.end(key);
    const [word] = (await Promise.race([
      once(child.stdout, 'data', { signal }),
      once(child, 'exit', { signal }),
    ])) as [unknown];
    if (String(word).trim() !== 'ready') throw failure;
  } catch (error) {
    child.kill();
    throw error === failure
      ? failure
      : new CliError('error', failure.message, { code: failure.code, cause: error });
  } finally {
    child.stdin.destroy();
    child.stdout.destroy();
    child.unref();
  }
}
