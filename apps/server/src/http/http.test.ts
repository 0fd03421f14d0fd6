import type { Problem } from '@zkvault/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../test/test-server.ts';

const PRELOGIN = '/api/v1/auth/prelogin';
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

function post(url: string, payload: string | Buffer, contentType = 'application/json') {
  return server.send({ method: 'POST', url, payload, headers: { 'content-type': contentType } });
}

describe('a body', () => {
  it.for([
    ['that is no JSON', '{"login":'],
    ['that is empty but for spaces', '  '],
    ['with a duplicate key', '{"login":"ada","login":"eve"}'],
    ['with a key of __proto__', '{"login":"ada","__proto__":{"x":1}}'],
    ['with an escaped key of __proto__', '{"login":"ada","__pr\\u006fto__":{"x":1}}'],
    ['with NUL in a string', '{"login":"a\\u0000da"}'],
    ['with a lone surrogate', '{"login":"\\ud800"}'],
    ['nested too deeply', `{"login":${'['.repeat(17)}${']'.repeat(17)}}`],
    ['with a number beyond 2^53', '{"login":9007199254740993}'],
    ['with a byte order mark', '\ufeff{"login":"ada"}'],
  ] as const)('%s is malformed JSON', async ([, body]) => {
    const response = await post(PRELOGIN, body);

    expect(response.statusCode).toBe(400);
    expect(response.json<Problem>().code).toBe('malformed-json');
  });

  it('that is not UTF-8 is malformed JSON', async () => {
    const response = await post(PRELOGIN, Buffer.from([0x22, 0xff, 0x22]));

    expect(response.json<Problem>()).toMatchObject({ status: 400, code: 'malformed-json' });
  });

  it.for([
    ['an unknown field', { login: 'ada', more: 1 }, '/body/more', 'unknown'],
    ['a missing field', {}, '/body/login', 'required'],
    ['a number where text belongs', { login: 1 }, '/body/login', 'type'],
    ['a list where text belongs', { login: ['ada'] }, '/body/login', 'type'],
    ['null where text belongs', { login: null }, '/body/login', 'type'],
    ['too short a text', { login: '' }, '/body/login', 'length'],
    ['too long a text', { login: 'a'.repeat(255) }, '/body/login', 'length'],
    ['a list', [], '/body', 'type'],
    ['null', null, '/body', 'type'],
    ['text', 'ada', '/body', 'type'],
  ] as const)('with %s does not match the contract', async ([, body, pointer, code]) => {
    const response = await post(PRELOGIN, JSON.stringify(body));

    expect(response.statusCode).toBe(422);
    expect(response.json<Problem>().errors).toEqual([{ pointer, code }]);
  });

  it('whose unknown field has a name that could be a secret is refused without the name', async () => {
    const secret = 'Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE';

    const response = await post(PRELOGIN, JSON.stringify({ login: 'ada', [secret]: 1 }));

    expect(response.statusCode).toBe(422);
    expect(response.body).not.toContain(secret);
  });

  it('with a right and a wrong part of a union points to the part that is wrong', async () => {
    const account = await server.givenAccount();

    const response = await server.send({
      method: 'POST',
      url: `/api/v1/vaults/${account.userId}/commits`,
      as: account,
      payload: { baseSeq: 0, operations: [{ op: 'delete', id: account.userId, version: 0 }] },
    });

    expect(response.json<Problem>().errors).toEqual([
      { pointer: '/body/operations/0/version', code: 'range' },
    ]);
  });

  it('of 128 KiB and one byte is too large', async () => {
    const response = await post(PRELOGIN, JSON.stringify({ login: 'a'.repeat(131_072) }));

    expect(response.json<Problem>()).toMatchObject({ status: 413, code: 'body-too-large' });
  });

  it.for(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonx'])(
    'of %s is not taken',
    async (contentType) => {
      const response = await post(PRELOGIN, '{"login":"ada"}', contentType);

      expect(response.json<Problem>()).toMatchObject({ status: 415, code: 'media-type-unsupported' });
    },
  );

  it('may be left out where nothing in it is needed', async () => {
    const bare = await server.send({ method: 'POST', url: '/api/v1/auth/logout' });
    const empty = await post('/api/v1/auth/logout', '');

    expect([bare.statusCode, empty.statusCode]).toEqual([204, 204]);
  });
});

describe('a query', () => {
  it.for(['1e2', '', '%205', '-1', '0x10', '1.0', '01', '5&limit=6', 'NaN', '99999999999999999999'])(
    'of limit=%s is refused',
    async (limit) => {
      const account = await server.givenAccount();

      const response = await server.send({ url: `/api/v1/entries?limit=${limit}`, as: account });

      expect(response.statusCode).toBe(422);
      expect(response.json<Problem>().errors?.[0]?.pointer).toBe('/query/limit');
    },
  );

  it('with an unknown name is refused', async () => {
    const account = await server.givenAccount();

    const response = await server.send({ url: '/api/v1/entries?Limit=5', as: account });

    expect(response.json<Problem>().errors).toEqual([{ pointer: '/query/Limit', code: 'unknown' }]);
  });
});

describe('an unknown place', () => {
  it.for([
    ['GET', '/nope'],
    ['GET', '/api/v1/auth/login'],
    ['PATCH', '/api/v1/entries'],
    ['POST', '/livez'],
    ['GET', '/api/v1/entries/x/y.css'],
    ['GET', '/docs/static/nope.js'],
    ['GET', '/docs/static/..%2f..%2fpackage.json'],
    ['OPTIONS', '/api/v1/auth/login'],
  ] as const)('%s %s is no route', async ([method, url]) => {
    const response = await server.send({ method, url });

    expect(response.json<Problem>()).toMatchObject({ status: 404, code: 'route-not-found' });
  });

  it('is refused before its body is looked at', async () => {
    const response = await post('/nope', '{');

    expect(response.statusCode).toBe(404);
  });

  it.for([`/api/v1/entries/${'a'.repeat(200)}`, '/api/v1/auth/sessions/not-a-uuid'])(
    'is not reached without a session: %s',
    async (url) => {
      const response = await server.send({ method: 'DELETE', url });

      expect([401, 404]).toContain(response.statusCode);
    },
  );

  it('that cannot be decoded is malformed', async () => {
    const response = await server.send({ url: '/%zz' });

    expect(response.json<Problem>()).toMatchObject({ status: 400, code: 'malformed-request' });
    expect(response.headers).toMatchObject(everyAnswer);
  });
});

const everyAnswer = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'permissions-policy': expect.any(String) as string,
  'x-request-id': expect.stringMatching(UUID7) as string,
};

describe('every answer', () => {
  it.for([
    ['200', { url: '/livez' }],
    ['204', { method: 'POST', url: '/api/v1/auth/logout' }],
    ['400', { method: 'POST', url: PRELOGIN, payload: '{', headers: { 'content-type': 'application/json' } }],
    ['401', { url: '/api/v1/entries' }],
    ['404', { url: '/nope' }],
    ['415', { method: 'POST', url: PRELOGIN, payload: 'x', headers: { 'content-type': 'text/plain' } }],
    ['422', { method: 'POST', url: PRELOGIN, payload: {} }],
  ] as const)('has the security headers: %s', async ([status, request]) => {
    const response = await server.send(request);

    expect(response.statusCode).toBe(Number(status));
    expect(response.headers).toMatchObject(everyAnswer);
    expect(response.headers).not.toHaveProperty('server');
    expect(response.headers).not.toHaveProperty('x-powered-by');
    expect(response.headers).not.toHaveProperty('strict-transport-security');
  });

  it('that refuses is a problem with the id of its request', async () => {
    const response = await server.send({ url: '/nope' });

    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(response.json<Problem>()).toEqual({
      type: 'urn:zkvault:problem:route-not-found',
      title: 'No such route.',
      status: 404,
      code: 'route-not-found',
      requestId: response.headers['x-request-id'],
    });
  });

  it('has the id that the caller gave, if it is a UUID', async () => {
    const id = '3F2504E0-4f89-41d3-9a0c-0305e82c3301';

    const own = await server.send({ url: '/livez', headers: { 'x-request-id': id } });
    const forged = await server.send({ url: '/livez', headers: { 'x-request-id': 'x"}\n{' } });

    expect(own.headers['x-request-id']).toBe(id);
    expect(forged.headers['x-request-id']).toMatch(UUID7);
  });

  it('asks for a bearer token where one is needed', async () => {
    const response = await server.send({ url: '/api/v1/entries' });

    expect(response.headers['www-authenticate']).toBe('Bearer');
  });
});

describe('a fault of the server', () => {
  it('is answered without its message, stack or path, and logged', async () => {
    const broken = await startTestServer();
    await broken.db.schema.dropTable('login_failures').execute();

    const response = await broken.app.inject({
      method: 'POST',
      url: '/api/v1/auth/login',
      payload: {
        login: 'ada',
        authKey: 'A'.repeat(43),
        transport: 'body',
        device: { id: '3f2504e0-4f89-41d3-9a0c-0305e82c3301', name: 'x' },
      },
    });
    await broken.close();

    expect(response.json<Problem>()).toMatchObject({ status: 500, code: 'internal' });
    expect(response.body).not.toMatch(/login_failures|select|insert|\.ts|node_modules/i);
    expect(broken.logLines.join('\n')).toContain('"code":"42P01"');
  });
});

describe('operators', () => {
  it('can name the hosts that are answered for', async () => {
    const strict = await startTestServer({ settings: { allowedHosts: ['vault.example.com'] } });

    const right = await strict.app.inject({ url: '/livez', headers: { host: 'Vault.Example.com:4000' } });
    const wrong = await strict.app.inject({ url: '/livez', headers: { host: 'evil.example' } });
    await strict.close();

    expect(right.statusCode).toBe(200);
    expect(wrong.json<Problem>()).toMatchObject({ status: 421, code: 'host-refused' });
  });

  it('can name the origins whose pages may call', async () => {
    const open = await startTestServer({ settings: { corsOrigins: ['https://app.example'] } });
    const preflight = (origin: string) =>
      open.app.inject({
        method: 'OPTIONS',
        url: PRELOGIN,
        headers: { origin, 'access-control-request-method': 'POST' },
      });

    const named = await preflight('https://app.example');
    const other = await preflight('https://evil.example');
    await open.close();

    expect(named.headers['access-control-allow-origin']).toBe('https://app.example');
    expect(named.headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
    expect(other.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it.for([
    ['no proxy', false, false],
    ['one hop', 1, true],
    ['a range', ['127.0.0.0/8'], true],
    ['another range', ['10.0.0.0/8'], false],
  ] as const)('decide which proxy says that TLS was used: %s', async ([, trust, believed]) => {
    const trustProxy = typeof trust === 'object' ? [...trust] : trust;
    const behind = await startTestServer({ settings: { trustProxy } });

    const response = await behind.app.inject({ url: '/livez', headers: { 'x-forwarded-proto': 'https' } });
    await behind.close();

    expect(Object.hasOwn(response.headers, 'strict-transport-security')).toBe(believed);
  });

  it('can turn the documentation off', async () => {
    const closed = await startTestServer({ settings: { apiDocs: 'off' } });

    const answers = await Promise.all(
      ['/docs', '/docs/', '/openapi.json'].map((url) => closed.app.inject({ url })),
    );
    const page = await closed.app.inject({ url: '/' });
    await closed.close();

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([404, 404, 404]);
    expect(page.body).not.toContain('/docs');
  });
});

describe('the pages', () => {
  it.for(['/', '/site.css', '/docs/', '/docs/static/swagger-ui.css', '/openapi.json', '/redoc'])(
    '%s is there',
    async (url) => {
      const response = await server.send({ url });

      expect(response.statusCode).toBe(200);
      expect(response.headers['content-security-policy']).toContain("default-src 'none'");
    },
  );

  it('have a policy without inline scripts and nothing from elsewhere', async () => {
    const response = await server.send({ url: '/docs/' });

    const policy = String(response.headers['content-security-policy']);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(response.body).not.toMatch(/https?:\/\//);
  });
});
