/** @file A key ring as text: `id:key`, separated by commas, newest first; each key 32 bytes in base64url. */
import { randomBytes } from 'node:crypto';
import type { RingKey } from './key-ring.ts';
import { listOf } from './parse-setting.ts';

/** Reads a ring. @returns undefined if the text is none: no key, a bad one, or an id twice. */
export function parseRingText(text: string): readonly RingKey[] | undefined {
  const keys = listOf(parseRingKey)(text);
  if (keys === undefined || new Set(keys.map(({ id }) => id)).size !== keys.length) return undefined;
  return keys;
}

function parseRingKey(text: string): RingKey | undefined {
  const [, id, encoded] = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9_-]{43})$/.exec(text) ?? [];
  if (id === undefined || encoded === undefined) return undefined;
  const secret = new Uint8Array(Buffer.from(encoded, 'base64url'));
  // 32 bytes that repeat one another are a placeholder, not a key.
  return new Set(secret).size >= 8 ? { id, secret } : undefined;
}

/** Writes a ring. */
export function formatRingText(keys: readonly RingKey[]): string {
  return keys.map(({ id, secret }) => `${id}:${Buffer.from(secret).toString('base64url')}`).join(',');
}

/** A fresh key. Its id is the day, and a letter more if the ring has one of that day. */
export function makeRingKey(present: readonly RingKey[] = [], now: Date = new Date()): RingKey {
  const day = `k${now.toISOString().slice(0, 10).replaceAll('-', '')}`;
  const taken = new Set(present.map(({ id }) => id));
  const suffix = ['', ...'bcdefghijklmnopqrstuvwxyz'.split('')].find(
    (letter) => !taken.has(`${day}${letter}`),
  );
  if (suffix === undefined) throw new RangeError('the ring has 26 keys of today already');
  return { id: `${day}${suffix}`, secret: new Uint8Array(randomBytes(32)) };
}
