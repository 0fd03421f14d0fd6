import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readExternalFolder } from '../../test/external.ts';
import { isKnownSecret } from './known-secrets.ts';
import { bearerSecret, listOf, secretText } from './parse-setting.ts';

const list = readExternalFolder('jwt').get('wallarm-jwt-secrets.list.gz');

describe.runIf(list !== undefined)('a secret that has been published', () => {
  it('is refused, each of 103,979', () => {
    const published = gunzipSync(list ?? Buffer.alloc(0))
      .toString('utf8')
      .split('\n');
    const parse = listOf(secretText);

    const taken = published.filter(
      (secret) => parse(secret) !== undefined || bearerSecret(secret) !== undefined,
    );

    expect(published.length).toBeGreaterThan(103_000);
    expect(taken).toEqual([]);
  });
});

describe('a secret that was made at random', () => {
  it('is in no list', () => {
    const made = Array.from({ length: 10_000 }, () => randomBytes(48).toString('base64url'));

    expect(made.filter((secret) => isKnownSecret(secret))).toEqual([]);
  });
});
