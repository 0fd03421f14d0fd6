/** The small parts of lib/, which have no feature of their own. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { addressPrefix } from './address-prefix.ts';
import { checkArgon2id, costOf, hashArgon2id, unmatchedArgon2id } from './argon2id.ts';
import { describeError } from './describe-error.ts';
import { keptSecret } from './kept-secret.ts';
import { authenticate, makeKeyRing } from './key-ring.ts';
import { makeLogger } from './make-logger.ts';
import { maskLogin } from './mask-login.ts';
import { ServiceError } from './service-error.ts';
import { makeUuid7 } from './uuid.ts';
import { makeWorkQueue } from './work-queue.ts';

const directory = mkdtempSync(join(tmpdir(), 'zkvault-lib-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('an address prefix', () => {
  it.for([
    ['192.0.2.77', '192.0.2.0/24'],
    ['::ffff:192.0.2.77', '192.0.2.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['2001:0db8::1', '2001:db8:0::/48'],
    ['::1', '0:0:0::/48'],
    ['fe80::1%eth0', 'fe80:0:0::/48'],
    ['nonsense', 'unknown'],
    ['', 'unknown'],
  ] as const)('of %s is %s', ([address, prefix]) => {
    expect(addressPrefix(address)).toBe(prefix);
  });
});

describe('a masked login', () => {
  it.for([
    ['ada@example.com', 'a***@example.com'],
    ['ada', 'a***'],
    ['', '***'],
    ['ada@<script>', 'a***'],
    ['🦊fox@example.com', '🦊***@example.com'],
  ] as const)('of %s is %s', ([login, masked]) => {
    expect(maskLogin(login)).toBe(masked);
  });
});

describe('a key ring', () => {
  const old = { id: 'old', secret: new Uint8Array(32).fill(1) };
  const young = { id: 'young', secret: new Uint8Array(32).fill(2) };

  it('makes new things under the newest key and keeps stable ones under the oldest', () => {
    const before = makeKeyRing([old]);
    const after = makeKeyRing([young, old]);

    expect(after.newest('refresh').id).toBe('young');
    expect(after.oldest('enumeration')).toEqual(before.oldest('enumeration'));
    expect(after.find('pepper', 'old')).toEqual(before.newest('pepper'));
    expect(after.find('pepper', 'gone')).toBeUndefined();
    expect(after.all('refresh').map(({ id }) => id)).toEqual(['young', 'old']);
  });

  it('gives every purpose a key of its own', () => {
    const ring = makeKeyRing([old]);
    const keys = (['pepper', 'refresh', 'enumeration', 'lockout'] as const).map((purpose) =>
      Buffer.from(ring.newest(purpose).bytes).toString('hex'),
    );

    expect(new Set(keys).size).toBe(4);
  });

  it('cannot be empty', () => {
    expect(() => makeKeyRing([])).toThrow(RangeError);
  });

  it('authenticates lists of parts, not their concatenation', () => {
    const key = makeKeyRing([old]).newest('lockout');

    expect(authenticate(key, 'x', 'ab', 'c')).not.toEqual(authenticate(key, 'x', 'a', 'bc'));
    expect(authenticate(key, 'x', 'ab', 'c')).toEqual(authenticate(key, 'x', 'ab', Buffer.from('c')));
  });
});

describe('Argon2id', () => {
  const cost = { memoryKib: 1_024, iterations: 1, parallelism: 1, hashBytes: 32, saltBytes: 16 };

  it('takes bytes that are no text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), async (input) => {
        const phc = await hashArgon2id(input, cost);
        const other = Uint8Array.from(input, (byte, index) => (index === 31 ? byte ^ 1 : byte));

        expect(await checkArgon2id(phc, input)).toBe(true);
        expect(await checkArgon2id(phc, other)).toBe(false);
      }),
      { numRuns: 20 },
    );
  });

  it('has hashes that nothing matches, of any cost and no two the same', async () => {
    for (const wished of [cost, { ...cost, iterations: 3, hashBytes: 33, saltBytes: 17 }]) {
      const phc = unmatchedArgon2id(wished);

      expect(costOf(phc)).toEqual(wished);
      expect(await checkArgon2id(phc, new Uint8Array(32))).toBe(false);
      expect(unmatchedArgon2id(wished)).not.toBe(phc);
    }
  });

  it('checks nothing against what is no hash of its own', async () => {
    await expect(checkArgon2id('$argon2i$v=19$m=1,t=1,p=1$x$y', new Uint8Array(32))).rejects.toThrow(
      RangeError,
    );
  });
});

describe('a work queue', () => {
  it('runs no more than it may, in the order of arrival, and turns the rest away at once', async () => {
    const queue = makeWorkQueue({ running: 2, waiting: 3 });
    const order: number[] = [];
    let running = 0;
    let most = 0;
    const work = async (index: number): Promise<number> => {
      most = Math.max(most, ++running);
      await sleep(10);
      running -= 1;
      order.push(index);
      return index;
    };

    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => queue.run(() => work(index))),
    );

    expect(most).toBe(2);
    expect(order).toEqual([0, 1, 2, 3, 4]);
    expect(results.slice(5)).toMatchObject(
      Array.from({ length: 3 }, () => ({ status: 'rejected', reason: { code: 'overloaded' } })),
    );
    expect(queue.isFull()).toBe(false);
  });

  it('goes on after work that failed', async () => {
    const queue = makeWorkQueue({ running: 1, waiting: 1 });

    await expect(queue.run(() => Promise.reject(new RangeError('no')))).rejects.toThrow(RangeError);

    await expect(queue.run(() => Promise.resolve(1))).resolves.toBe(1);
  });
});

describe('a kept secret', () => {
  it('is made once, for its owner only', () => {
    const file = join(directory, 'new', 'secret');

    const first = keptSecret(file, () => 'one');
    const second = keptSecret(file, () => 'two');

    expect([first, second]).toEqual(['one', 'one']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('UUIDs of the server', () => {
  it('sort by the time they were made, and do not repeat', async () => {
    const first = makeUuid7();
    await sleep(2);
    const second = makeUuid7();

    expect(second > first).toBe(true);
    expect(new Set(Array.from({ length: 10_000 }, makeUuid7)).size).toBe(10_000);
  });
});

describe('the log of an error', () => {
  it('quotes no message of the database, which may quote a row', () => {
    const error = Object.assign(new Error('Key (login)=(canary) already exists'), {
      code: '23505',
      constraint: 'users_login_key',
      table: 'users',
    });

    const description = describeError(new ServiceError('internal', {}, { cause: error }));

    expect(JSON.stringify(description)).not.toContain('canary');
    expect(description.cause).toMatchObject({ code: '23505', constraint: 'users_login_key', table: 'users' });
    expect(describeError('canary')).toEqual({ type: 'string' });
  });

  it('for a person is one short line', () => {
    const lines: string[] = [];
    const logger = makeLogger({ level: 'info', format: 'console' }, { write: (line) => lines.push(line) });

    logger.info({ event: 'http_request', path: '/livez', ip: { a: 1 } }, 'request');
    logger.debug('nothing');

    expect(lines.join()).toMatch(/^\d\d:\d\d:\d\d\.\d{3} info {2}request {2}path=\/livez ip=\{"a":1\}\n$/);
  });
});
