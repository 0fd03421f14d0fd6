/** The server as a process: what it says, how it ends, and what is left after `kill -9`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { aWrap, someBytes } from './auth-client.ts';
import { type ChildServer, type ChildServers, childServers } from './child-server.ts';

let directory: string;
let children: ChildServers;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'zkvault-crash-'));
  children = childServers(directory);
  return () => {
    children.killAll();
    rmSync(directory, { recursive: true, force: true });
  };
});

function start(environment: Readonly<Record<string, string>> = {}): ChildServer {
  return children.start(environment);
}

async function post(url: string, body: object, token?: string): Promise<Record<string, string>> {
  const response = await fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as Record<string, string>;
}

describe('the process', () => {
  it('keeps what it has acknowledged when it is killed while it writes', { timeout: 120_000 }, async () => {
    const server = start();
    const url = await server.url();
    const account = { login: 'ada', authKey: someBytes(32) };
    const device = { id: crypto.randomUUID(), name: 'a test' };
    const loginBody = { ...account, transport: 'body', device };
    await post(`${url}/api/v1/auth/register`, {
      ...account,
      accountId: crypto.randomUUID(),
      profile: 1,
      salt: someBytes(16),
    });
    const { accessToken = '' } = await post(`${url}/api/v1/auth/login`, loginBody);
    const acknowledged: string[] = [];
    const write = async (): Promise<void> => {
      const { id = '' } = await post(`${url}/api/v1/entries`, aWrap(), accessToken);
      acknowledged.push(id);
      if (acknowledged.length === 40) server.child.kill('SIGKILL');
      await write();
    };
    await Promise.allSettled([write(), write(), write()]);
    await server.exit;

    const again = start();
    const nextUrl = await again.url();
    const session = await post(`${nextUrl}/api/v1/auth/login`, loginBody);
    const response = await fetch(`${nextUrl}/api/v1/entries?limit=1000`, {
      headers: { authorization: `Bearer ${session['accessToken']}` },
    });
    const { items } = (await response.json()) as { items: { id: string }[] };
    again.child.kill('SIGTERM');

    expect(acknowledged.length).toBeGreaterThanOrEqual(40);
    expect(items.map(({ id }) => id)).toEqual(expect.arrayContaining(acknowledged));
    expect(await again.exit).toBe(0);
  });

  it('starts after it was killed while it made its database', { timeout: 120_000 }, async () => {
    const first = start();
    setTimeout(() => first.child.kill('SIGKILL'), 1_200);
    await first.exit;

    const second = start();

    expect(await second.url()).toMatch(/^http:/);
  });

  it('refuses a data directory that another one has open', { timeout: 120_000 }, async () => {
    await start().url();

    const second = start();

    expect(await second.exit).toBe(1);
    expect(second.output()).toContain('is in use by process');
  });

  it('ends with 1 and every reason when its environment is wrong, before it touches anything', async () => {
    const server = start({ ENVIRONMENT: 'production', PORT: 'x' });

    expect(await server.exit).toBe(1);
    expect(server.output()).toMatch(/PORT: .*\n.*JWT_SECRET: .*\n.*SERVER_KEYS: /);
  });

  it('does not start in production while a debugger may connect', async () => {
    const server = start({
      NODE_OPTIONS: '--inspect=127.0.0.1:0',
      ENVIRONMENT: 'production',
      JWT_SECRET: someBytes(48),
      SERVER_KEYS: `k1:${someBytes(32)}`,
    });

    expect(await server.exit).toBe(1);
    expect(server.output()).toContain('a debugger may connect');
  });

  it('ends with 1 and says so after a fault that nothing caught', { timeout: 120_000 }, async () => {
    const late = 'process.on("SIGCONT", () => { throw new Error("a fault") })';
    const server = start({
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(late)}`,
      LOG_FORMAT: 'json',
    });
    await server.url();
    server.child.kill('SIGCONT');

    expect(await server.exit).toBe(1);
    expect(server.output()).toMatch(/"level":"fatal".*"event":"unhandled_exception"/);
  });

  it('runs where no object has a prototype to be reached by name', { timeout: 120_000 }, async () => {
    const server = start({ NODE_OPTIONS: '--disable-proto=throw' });

    const answer = await fetch(`${await server.url()}/readyz`);
    server.child.kill('SIGTERM');

    expect(answer.status).toBe(200);
    expect(await server.exit).toBe(0);
  });

  it('ends with 1 when the database cannot be reached', async () => {
    const server = start({ DATABASE_URL: 'postgresql://u:hunter2@127.0.0.1:9/none' });

    expect(await server.exit).toBe(1);
    expect(server.output()).toContain('cannot start');
    expect(server.output()).not.toContain('hunter2');
  });

  it('ends when the thread of the embedded database has ended: that does not come back', {
    timeout: 120_000,
  }, async () => {
    const lose = "process.on('worker', (thread) => process.on('SIGWINCH', () => thread.terminate()))";
    const server = start({
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(lose)}`,
      LOG_FORMAT: 'json',
    });
    await server.url();

    server.child.kill('SIGWINCH');

    expect(await server.exit).toBe(1);
    expect(server.output()).toContain('"event":"unhandled_exception"');
    expect(server.output()).toContain('the thread of the embedded database has ended');
  });

  it('warns at its start of a key that rows depend on and the ring lacks', { timeout: 120_000 }, async () => {
    const ring = (name: string): Readonly<Record<string, string>> => ({
      SERVER_KEYS: `${name}:${someBytes(32)}`,
      LOG_FORMAT: 'json',
    });
    const first = start(ring('first'));
    await post(`${await first.url()}/api/v1/auth/register`, {
      login: 'ada',
      authKey: someBytes(32),
      accountId: crypto.randomUUID(),
      profile: 1,
      salt: someBytes(16),
    });
    first.child.kill('SIGTERM');
    await first.exit;

    const second = start(ring('second'));
    await second.url();
    second.child.kill('SIGTERM');
    await second.exit;

    expect(first.output()).not.toContain('server_key_missing');
    expect(second.output()).toMatch(/"event":"server_key_missing","table":"users","keyId":"first","rows":1/);
  });
});
