/** @file What may come over the wire instead of an answer, and how requests are made. */
import { getAuthPolicy, getChanges, login, refresh, register } from '@zkvault/contract';
import { describe, expect, it } from 'vitest';
import {
  AuthError,
  ConflictError,
  NotFoundError,
  ProtocolError,
  RateLimitError,
  SecondFactorRequiredError,
  TransportError,
} from '../src/errors.ts';
import type { Fetch } from '../src/options.ts';
import { makeTransport, type Transport } from '../src/transport.ts';
import { problemResponse } from './fake-server.ts';
import { failureOf } from './world.ts';

const BASE_URL = 'https://vault.example/prefix';
const policy = {
  password: { minLength: 12, minScore: 3, requireClasses: false },
  kdfProfile: 1,
  registration: 'open',
};

function transportOver(fetch: Fetch, timeoutMs = 5_000): Transport {
  return makeTransport({ baseUrl: BASE_URL, fetch, timeoutMs });
}

const json = (text: string | Uint8Array<ArrayBuffer>, init: ResponseInit = {}): Response =>
  new Response(text, { headers: { 'content-type': 'application/json' }, ...init });

function ask(response: () => Response | Promise<Response>): Promise<unknown> {
  return transportOver(async () => response()).call(getAuthPolicy, {});
}

describe('a request', () => {
  it('goes to the one base URL, follows no redirect, carries no cookie and leaves no trace', async () => {
    const seen: [string, RequestInit][] = [];
    const transport = transportOver(async (url, init) => {
      seen.push([url, init]);
      return json(JSON.stringify(policy));
    });

    await transport.call(getAuthPolicy, {});

    expect(seen).toHaveLength(1);
    expect(seen[0]![0]).toBe(`${BASE_URL}/api/v1/auth/policy`);
    expect(seen[0]![1]).toMatchObject({
      method: 'GET',
      redirect: 'error',
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
    });
  });

  it('puts an id into its path so that it stays one segment', async () => {
    const urls: string[] = [];
    const transport = transportOver(async (url) => {
      urls.push(url);
      return problemResponse('vault-not-found');
    });

    await failureOf(transport.call(getChanges, { params: { vaultId: '../x?y#z' }, query: { since: 1 } }));

    expect(urls).toEqual([`${BASE_URL}/api/v1/vaults/..%2Fx%3Fy%23z/changes?since=1`]);
  });
});

describe('an answer', () => {
  it('gives its known fields and no others', async () => {
    const body = JSON.stringify({ ...policy, keyConnectorUrl: 'https://evil.example', constructor: 1 });

    expect(await ask(() => json(body))).toEqual(policy);
  });

  it.for([
    ['cut short', '{"password":'],
    ['with a duplicate key', `{"kdfProfile":1,${JSON.stringify(policy).slice(1)}`],
    ['with __proto__', `{"__proto__":{"admin":true},${JSON.stringify(policy).slice(1)}`],
    ['with __proto__ spelt otherwise', `{"\\u005f_proto__":{},${JSON.stringify(policy).slice(1)}`],
    ['with a number that would be rounded', JSON.stringify(policy).replace(':12', ':9007199254740993')],
    ['with NUL', `{"x":"\\u0000",${JSON.stringify(policy).slice(1)}`],
    ['nested without end', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    ['that is empty', ''],
    ['that is null', 'null'],
    ['that is a list', '[]'],
    ['with a byte order mark', `\ufeff${JSON.stringify(policy)}`],
    ['with a field missing', '{}'],
  ] as const)('%s is a ProtocolError', async ([, text]) => {
    expect(await failureOf(ask(() => json(text)))).toBeInstanceOf(ProtocolError);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('that is not UTF-8 is a ProtocolError', async () => {
    const bytes = new TextEncoder().encode(JSON.stringify({ ...policy, x: 'é' }));
    bytes[bytes.indexOf(0xc3)] = 0xff;

    expect(await failureOf(ask(() => json(bytes)))).toBeInstanceOf(ProtocolError);
  });

  it.for([
    'text/html',
    'application/problem+json',
    'application/json; charset=utf-16',
    'application/jsonp',
    '',
  ])('of the type "%s" is a ProtocolError', async (type) => {
    const headers = type === '' ? new Headers() : { 'content-type': type };

    expect(
      await failureOf(ask(() => new Response(new TextEncoder().encode(JSON.stringify(policy)), { headers }))),
    ).toBeInstanceOf(ProtocolError);
  });

  it.for([201, 202, 204, 206])(
    'of status %i, which is not in the contract, is a ProtocolError',
    async (status) => {
      const body = status === 204 ? null : JSON.stringify(policy);

      expect(
        await failureOf(
          ask(() => new Response(body, { status, headers: { 'content-type': 'application/json' } })),
        ),
      ).toBeInstanceOf(ProtocolError);
    },
  );

  it.for([301, 302, 303, 307, 308])('of status %i is not followed', async (status) => {
    const urls: string[] = [];
    const transport = transportOver(async (url) => {
      urls.push(url);
      return new Response(null, { status, headers: { location: 'https://evil.example/' } });
    });

    const error = await failureOf(transport.call(getAuthPolicy, {}, { idempotent: true }));

    expect(error).toMatchObject({ name: 'TransportError', code: 'redirect-refused' });
    expect(urls).toHaveLength(1);
  });

  it.for(['redirected', 'opaqueredirect'] as const)(
    'that a fetch has followed all the same (%s) is refused',
    async (how) => {
      const response = json(JSON.stringify(policy));
      if (how === 'redirected') Object.defineProperty(response, 'redirected', { value: true });
      else Object.defineProperty(response, 'type', { value: 'opaqueredirect' });

      expect(await failureOf(ask(() => response))).toMatchObject({ code: 'redirect-refused' });
    },
  );

  it('without end is left off at its limit', async () => {
    let sent = 0;
    let isCancelled = false;
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        sent += 16_384;
        controller.enqueue(new Uint8Array(16_384).fill(0x20));
      },
      cancel() {
        isCancelled = true;
      },
    });

    const error = await failureOf(
      ask(() => new Response(stream, { headers: { 'content-type': 'application/json' } })),
    );

    expect(error).toMatchObject({ name: 'TransportError', code: 'response-too-large' });
    expect(isCancelled).toBe(true);
    expect(sent).toBeLessThan(65_536 * 2);
  });

  it('that stalls in the middle is a timeout', async () => {
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"password":'));
      },
    });
    const transport = transportOver(
      async () => new Response(stream, { headers: { 'content-type': 'application/json' } }),
      30,
    );

    expect(await failureOf(transport.call(getAuthPolicy, {}))).toMatchObject({ code: 'timeout' });
  });

  it('that never comes is a timeout, also where fetch ignores its signal', async () => {
    const transport = transportOver(() => new Promise(() => undefined), 60_000);

    const error = await failureOf(transport.call(getAuthPolicy, {}, { timeoutMs: 20, idempotent: true }));

    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'timeout', maybeApplied: false });
  });
});

describe('an abort', () => {
  it('ends a call with the reason of its signal', async () => {
    const aborter = new AbortController();
    const transport = transportOver(() => new Promise(() => undefined));
    const call = transport.call(getAuthPolicy, {}, { signal: aborter.signal });
    const reason = new Error('enough');

    aborter.abort(reason);

    expect(await failureOf(call)).toBe(reason);
  });

  it('before a call sends nothing', async () => {
    let sent = 0;
    const transport = transportOver(async () => {
      sent += 1;
      return json('{}');
    });

    const error = await failureOf(transport.call(getAuthPolicy, {}, { signal: AbortSignal.abort() }));

    expect(error.name).toBe('AbortError');
    expect(sent).toBe(0);
  });

  it('ends the wait before another attempt', async () => {
    const aborter = new AbortController();
    const transport = transportOver(async () => {
      setTimeout(() => aborter.abort(), 5);
      return problemResponse('unavailable');
    });

    const error = await failureOf(
      transport.call(getAuthPolicy, {}, { idempotent: true, signal: aborter.signal }),
    );

    expect(error.name).toBe('AbortError');
  });
});

describe('a refusal', () => {
  const refusals = [
    ['invalid-credentials', AuthError],
    ['invalid-token', AuthError],
    ['insufficient-permission', AuthError],
    ['registration-refused', AuthError],
    ['vault-not-found', NotFoundError],
    ['conflict', ConflictError],
    ['version-stale', ConflictError],
    ['request-invalid', ProtocolError],
    ['body-too-large', ProtocolError],
    ['internal', TransportError],
    ['overloaded', TransportError],
  ] as const;

  it.for(refusals)('%s says what the caller can do', async ([code, kind]) => {
    const error = await failureOf(ask(() => problemResponse(code)));

    expect(error).toBeInstanceOf(kind);
    expect(error.message).toBe(error.message.toLowerCase());
  });

  it('of a code only a newer server knows is told by its status', async () => {
    const body = {
      type: 'urn:x',
      title: 'CANARY',
      status: 403,
      code: 'moon-in-phase',
      requestId: 'x',
      detail: 'CANARY',
    };
    const error = await failureOf(
      ask(
        () =>
          new Response(JSON.stringify(body), {
            status: 403,
            headers: { 'content-type': 'application/problem+json' },
          }),
      ),
    );

    expect(error).toMatchObject({ name: 'AuthError', code: 'moon-in-phase' });
    expect(error.message).not.toContain('CANARY');
  });

  it('for want of a second factor is an error of its own', async () => {
    const body = { type: 'urn:x', title: 'x', status: 401, code: 'second-factor-required', requestId: 'x' };
    const error = await failureOf(
      ask(
        () =>
          new Response(JSON.stringify(body), {
            status: 401,
            headers: { 'content-type': 'application/problem+json' },
          }),
      ),
    );

    expect(error).toBeInstanceOf(SecondFactorRequiredError);
    expect(error).toBeInstanceOf(AuthError);
  });

  it('for too many requests says how long to wait', async () => {
    const error = await failureOf(
      ask(() => new Response('slow down', { status: 429, headers: { 'retry-after': '42' } })),
    );

    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ retryAfterSeconds: 42 });
  });

  it.for([
    ['another status than its own', { status: 404 }],
    ['a code that is no code', { code: 'Not A Code' }],
    ['no code', { code: undefined }],
  ] as const)('with %s is a ProtocolError', async ([, change]) => {
    const body = { type: 'urn:x', title: 'x', status: 403, code: 'x', requestId: 'x', ...change };
    const error = await failureOf(
      ask(
        () =>
          new Response(JSON.stringify(body), {
            status: 403,
            headers: { 'content-type': 'application/problem+json' },
          }),
      ),
    );

    expect(error).toBeInstanceOf(ProtocolError);
  });

  it('by a proxy in between is no word of the server', async () => {
    const html = (status: number) => () =>
      new Response('<html>', { status, headers: { 'content-type': 'text/html' } });

    expect(await failureOf(ask(html(502)))).toMatchObject({ name: 'TransportError', code: 'server-failure' });
    expect(await failureOf(ask(html(404)))).toMatchObject({ name: 'ProtocolError' });
  });
});

describe('a failed request', () => {
  it.for([
    ['the network', () => Promise.reject(new TypeError('fetch failed'))],
    ['a busy server', async () => problemResponse('overloaded')],
  ] as const)('by %s is tried again if it only reads, three times in all', async ([, fail]) => {
    let attempts = 0;
    const transport = transportOver(() => {
      attempts += 1;
      return fail();
    });

    expect(await failureOf(transport.call(getAuthPolicy, {}, { idempotent: true }))).toBeInstanceOf(
      TransportError,
    );
    expect(attempts).toBe(3);
  });

  it('succeeds if one attempt does', async () => {
    let attempts = 0;
    const transport = transportOver(async () => {
      attempts += 1;
      return attempts === 1 ? problemResponse('unavailable') : json(JSON.stringify(policy));
    });

    expect(await transport.call(getAuthPolicy, {}, { idempotent: true })).toEqual(policy);
  });

  it('is never tried again if it writes or logs in', async () => {
    let attempts = 0;
    const transport = transportOver(() => {
      attempts += 1;
      return Promise.reject(new TypeError('fetch failed'));
    });

    const errors = [
      await failureOf(transport.call(login, { body: {} as never })),
      await failureOf(transport.call(register, { body: {} as never })),
    ];

    expect(attempts).toBe(2);
    for (const error of errors) expect(error).toMatchObject({ code: 'network', maybeApplied: true });
  });

  it('is not tried again by a write that the server asks to wait with, although nothing of it was done', async () => {
    let attempts = 0;
    const transport = transportOver(async () => {
      attempts += 1;
      return problemResponse('rate-limited');
    });

    const error = await failureOf(transport.call(register, { body: {} as never }));

    expect(attempts).toBe(1);
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).not.toHaveProperty('maybeApplied');
  });

  it('is tried again by a login that the server was too busy for, and by no other write', async () => {
    let attempts = 0;
    const transport = transportOver(async () => {
      attempts += 1;
      return problemResponse('overloaded');
    });

    const one = await failureOf(transport.call(register, { body: {} as never }));
    expect(attempts).toBe(1);
    const other = await failureOf(transport.call(login, { body: {} as never }, { againIfOverloaded: true }));

    expect(attempts).toBe(1 + 3);
    for (const error of [one, other]) expect(error).toMatchObject({ code: 'overloaded', maybeApplied: true });
  });

  it('is not tried again by a login that failed for another reason than load', async () => {
    let attempts = 0;
    const transport = transportOver(async () => {
      attempts += 1;
      return problemResponse('unavailable');
    });

    await failureOf(transport.call(login, { body: {} as never }, { againIfOverloaded: true }));

    expect(attempts).toBe(1);
  });

  it('waits as long as the server asks, but not for ever', async () => {
    const at: number[] = [];
    const asking = (seconds: string) =>
      transportOver(async () => {
        at.push(performance.now());
        return new Response('', { status: 429, headers: { 'retry-after': seconds } });
      });

    const patient = await failureOf(asking('86400').call(getAuthPolicy, {}, { idempotent: true }));
    expect(at).toHaveLength(1);
    expect(patient).toBeInstanceOf(RateLimitError);
    await failureOf(asking('1').call(refresh, { body: {} }, { idempotent: true }));

    expect(at).toHaveLength(4);
    expect(at[2]! - at[1]!).toBeGreaterThanOrEqual(950);
  });
});
