/** The shipped nginx configuration, run by nginx itself before a real server. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeDataDirectory, type ServerProcess, startServer } from '../server-process.ts';
import { findNginx, HOST, type NginxProcess, startNginx } from './nginx-process.ts';

const programs = await findNginx();

describe.skipIf(programs === undefined)('nginx before the server (needs nginx, or Debian’s archive)', () => {
  let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
  let server: ServerProcess | undefined;
  let nginx: NginxProcess;
  beforeAll(async () => {
    directory = await makeDataDirectory();
    server = await startServer(
      { dataDirectory: directory.path },
      { TRUST_PROXY: '1', ALLOWED_HOSTS: HOST, RATE_LIMIT_PER_MINUTE: '1000' },
    );
    nginx = await startNginx(programs!, new URL(server.baseUrl).port);
  }, 120_000);
  afterAll(async () => {
    await nginx.stop();
    await server?.stop();
    await directory.remove();
  });

  interface Answer {
    readonly status: number;
    readonly headers: IncomingMessage['headers'];
    readonly rawHeaders: readonly string[];
    readonly body: string;
  }

  function ask(
    path: string,
    {
      method = 'GET',
      headers = {},
      body,
    }: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = httpsRequest(
        {
          host: '127.0.0.1',
          port: nginx.httpsPort,
          servername: HOST,
          rejectUnauthorized: false,
          path,
          method,
          headers: { host: HOST, ...headers },
        },
        (response) => void read(response).then(resolve, reject),
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  async function read(response: IncomingMessage): Promise<Answer> {
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) body += String(chunk);
    const { statusCode = 0, headers, rawHeaders } = response;
    return { status: statusCode, headers, rawHeaders, body };
  }

  /** The protocol and cipher agreed on, or the failure. */
  function greet(options: object): Promise<string> {
    return new Promise((resolve) => {
      const socket: TLSSocket = connect(
        { port: nginx.httpsPort, host: '127.0.0.1', servername: HOST, rejectUnauthorized: false, ...options },
        () => {
          resolve(`${socket.getProtocol()} ${socket.getCipher().standardName}`);
          socket.destroy();
        },
      );
      socket.once('error', () => resolve('refused'));
    });
  }

  it('is a configuration that nginx takes', () => {
    expect(nginx.output()).toContain('test is successful');
    expect(nginx.output()).not.toContain('[warn]');
  });

  function askWithoutTls(method: 'GET' | 'POST', path: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      httpRequest(
        { host: '127.0.0.1', port: nginx.httpPort, method, path, headers: { host: HOST } },
        (response) => void read(response).then(resolve, reject),
      )
        .on('error', reject)
        .end();
    });
  }

  it('sends whoever opens a page without TLS to TLS', async () => {
    const answer = await askWithoutTls('GET', '/docs?x=1');

    expect(answer.status).toBe(308);
    expect(answer.headers.location).toBe(`https://${HOST}/docs?x=1`);
  });

  it.for([
    ['GET', '/api/v1/auth/policy'],
    ['POST', '/api/v1/auth/login'],
    ['GET', '//api/v1/entries'],
    ['GET', '/docs/../api/v1/entries'],
  ] as const)('sends no program to TLS that spoke without: %s %s', async ([method, path]) => {
    const answer = await askWithoutTls(method, path);

    expect(answer.status).toBe(403);
    expect(answer.headers.location).toBeUndefined();
  });

  it('speaks TLS 1.2 and 1.3 with forward secrecy and GCM, and nothing older or weaker', async () => {
    const only = (version: string, ciphers?: string) =>
      greet({ minVersion: version, maxVersion: version, ...(ciphers !== undefined && { ciphers }) });

    expect(await only('TLSv1.3')).toMatch(/^TLSv1\.3 TLS_/);
    expect(await only('TLSv1.2')).toBe('TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384');
    expect(await only('TLSv1.2', 'ECDHE-ECDSA-AES256-SHA384:AES256-GCM-SHA384')).toBe('refused');
    expect(await only('TLSv1.1', 'DEFAULT@SECLEVEL=0')).toBe('refused');
    expect(await greet({ servername: 'other.example.com' })).toBe('refused');
  });

  it('adds no header of its own, and the server knows that TLS was used', async () => {
    const { status, headers, rawHeaders } = await ask('/api/v1/auth/policy');

    expect(status).toBe(200);
    expect(headers['strict-transport-security']).toMatch(/^max-age=\d{8}; includeSubDomains$/);
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['server']).toBe('nginx');
    const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    expect(new Set(names).size).toBe(names.length);
  });

  it.for(['/.git/config', '/.env', '/.svn/entries', '/.htaccess', '/docs/.hidden', '/metrics'])(
    'does not show %s',
    async (path) => {
      expect((await ask(path)).status).toBe(404);
    },
  );

  it('tells the server the address of the socket, whatever the caller says of itself', async () => {
    const remaining = async (headers: Record<string, string>) =>
      Number(/r=(\d+)/.exec(String((await ask('/api/v1/nowhere', { headers })).headers['ratelimit']))?.[1]);

    const first = await remaining({});
    const second = await remaining({ 'x-forwarded-for': '203.0.113.9', 'x-real-ip': '203.0.113.9' });
    const third = await remaining({
      forwarded: 'for=198.51.100.7',
      'x-forwarded-for': '198.51.100.7, 10.0.0.1',
    });

    expect([second, third]).toEqual([first - 1, first - 2]);
  });

  it('leaves bodies of up to 10 MiB to the server, and refuses larger ones itself', async () => {
    const headers = { 'content-type': 'application/json' };
    const post = (bytes: number) =>
      ask('/api/v1/auth/prelogin', { method: 'POST', headers, body: Buffer.alloc(bytes, 0x20) }).then(
        ({ status, headers: answered }) => `${status} ${answered['content-type']}`,
        () => 'cut off',
      );

    // The server refuses it before the body has come, which nginx may take for a broken connection.
    expect(await post(9 * 1_048_576)).toMatch(/^413 application\/problem\+json|^502 |^cut off/);
    expect(await post(11 * 1_048_576)).toMatch(/^413 text\/html|^cut off/);
  });

  it('keeps queries and headers out of its log', async () => {
    await ask('/health?secret=canary-in-query', { headers: { authorization: 'Bearer canary-in-header' } });
    const log = await vi.waitFor(async () => {
      const text = await nginx.accessLog();
      expect(text).toMatch(/"GET \/health" 200/);
      return text;
    });

    expect(log + nginx.output()).not.toContain('canary');
  });

  it('turns a flood at the doors of accounts away', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask('/api/v1/auth/policy')));

    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(1);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(30);
  });
});
