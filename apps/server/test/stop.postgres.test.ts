/**
 * How the process ends: what it has accepted it answers, what is new it does not take, and nobody waits for
 * ever. Requests are held open by sending their last byte late.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoginAnswer } from '@zkvault/contract';
import { beforeEach, describe, expect, it } from 'vitest';
import { aWrap, someBytes } from './auth-client.ts';
import { type ChildServer, type ChildServers, childServers } from './child-server.ts';
import { makePostgresDatabase } from './test-database.ts';

let directory: string;
let children: ChildServers;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'zkvault-stop-'));
  children = childServers(directory);
  const database = await makePostgresDatabase('migrated');
  databaseUrl = database.url;
  return async () => {
    children.killAll();
    await database.remove();
    rmSync(directory, { recursive: true, force: true });
  };
});

let databaseUrl: string;

interface Line {
  readonly socket: Socket;
  text(): string;
  readonly closed: Promise<void>;
  /** Waits until something has come. */
  until(pattern: RegExp): Promise<void>;
}

async function dial(port: number): Promise<Line> {
  const socket = connectSocket(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return {
    socket,
    text: () => text,
    closed,
    async until(pattern) {
      while (!pattern.test(text)) await sleep(10);
    },
  };
}

const LIVEZ = 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n';

/** A server with a request whose last byte has not come: a commit, as that may take its time. */
async function serverAtWork(environment: Readonly<Record<string, string>>): Promise<{
  readonly server: ChildServer;
  readonly port: number;
  readonly pending: Line;
  /** Sends the last byte. */
  finish(): void;
}> {
  // Whatever else this machine does, it is the stop that is looked at.
  const settings = { LOG_FORMAT: 'json', MAX_EVENT_LOOP_DELAY_MS: 'off', DATABASE_URL: databaseUrl };
  const server = children.start({ ...settings, ...environment });
  const url = await server.url();
  const { token, vaultId } = await givenVault(url);
  const port = Number(new URL(url).port);
  const put = { op: 'put', id: randomUUID(), version: 1, vkEpoch: 1, schema: 1, ...aWrap() };
  const body = JSON.stringify({ baseSeq: 0, operations: [put] });
  const pending = await dial(port);
  pending.socket.write(LIVEZ);
  await pending.until(/alive/);
  pending.socket.write(
    `POST /api/v1/vaults/${vaultId}/commits HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, -1)}`,
  );
  await sleep(100);
  return { server, port, pending, finish: () => void pending.socket.write(body.slice(-1)) };
}

async function givenVault(url: string): Promise<{ readonly token: string; readonly vaultId: string }> {
  const account = { login: 'ada', authKey: someBytes(32) };
  const device = { id: randomUUID(), name: 'a test' };
  const post = async (path: string, body: object): Promise<LoginAnswer> => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/api/v1/auth/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} was answered ${response.status}`);
    return (await response.json()) as LoginAnswer;
  };
  await post('register', { ...account, accountId: randomUUID(), profile: 1, salt: someBytes(16) });
  const { accessToken, vaults } = await post('login', { ...account, transport: 'body', device });
  return { token: accessToken, vaultId: String(vaults[0]?.id) };
}

/** What `/readyz` says from when the server has heard the signal. */
async function askUntilStopping(port: number): Promise<string> {
  const line = await dial(port);
  line.socket.write('GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n');
  await line.until(/\}$/);
  line.socket.destroy();
  return line.text().includes('"stopping"') ? line.text() : askUntilStopping(port);
}

/**
 * How a connection is turned away; the idle ones are closed a moment before the listener is, and
 * what the system had taken for the listener when that closed is reset.
 */
async function dialUntilTurnedAway(port: number): Promise<string | undefined> {
  for (;;) {
    try {
      const { socket } = await dial(port);
      socket.destroy();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ECONNRESET') return code;
    }
  }
}

describe('a stop', () => {
  it('answers what was under way, closes idle connections and takes no new one', {
    timeout: 120_000,
  }, async () => {
    const { server, port, pending, finish } = await serverAtWork({
      SHUTDOWN_TIMEOUT: '60s',
      SHUTDOWN_DELAY: '2s',
    });
    const idle = await dial(port);
    idle.socket.write(LIVEZ);
    await idle.until(/alive/);
    const silent = await dial(port);

    server.child.kill('SIGTERM');
    const refusal = await askUntilStopping(port);
    await idle.closed;
    const late = await dialUntilTurnedAway(port);
    silent.socket.write(LIVEZ);
    await silent.closed;
    finish();
    await pending.closed;

    expect(refusal).toMatch(/^HTTP\/1.1 503 /);
    expect(refusal).toMatch(/retry-after: 5/);
    expect(refusal).toMatch(/connection: close/);
    expect(silent.text()).toMatch(/^HTTP\/1.1 200 OK[\s\S]*connection: close[\s\S]*alive/i);
    expect(late).toBe('ECONNREFUSED');
    expect(pending.text()).toMatch(/HTTP\/1.1 200 OK[\s\S]*"revision":1/);
    expect(pending.text().slice(pending.text().lastIndexOf('HTTP/1.1'))).toMatch(/connection: close/i);
    expect(await server.exit).toBe(0);
    expect(server.output()).toContain('"event":"application_start"');
    expect(server.output()).toContain('"event":"application_shutdown"');
  });

  it('ends with 1 once the time for it is over', { timeout: 120_000 }, async () => {
    const { server, pending } = await serverAtWork({ SHUTDOWN_TIMEOUT: '1s' });

    server.child.kill('SIGTERM');

    expect(await server.exit).toBe(1);
    await pending.closed;
    expect(pending.text()).not.toContain('"revision"');
  });

  it('ends at once at the second signal', { timeout: 120_000 }, async () => {
    const { server } = await serverAtWork({ SHUTDOWN_TIMEOUT: '600s', SHUTDOWN_DELAY: '600s' });

    server.child.kill('SIGTERM');
    await sleep(200);
    expect(server.child.exitCode).toBe(null);
    server.child.kill('SIGTERM');

    expect(await server.exit).toBe(1);
  });
});
