/** @file Looks for secrets where none may be, however they are written. */
import { bytesToHex, encodeBase64Url, utf8 } from '@zkvault/crypto-core';
import type { Exchange } from './exchange.ts';

/**
 * Every way a secret may be written in text: as it is, percent-encoded, in hexadecimal, in base64 and
 * base64url at each of the three offsets.
 *
 * @param secret text, or bytes; at least 6 bytes, or it would be found by chance.
 */
export function spellingsOf(secret: string | Uint8Array): readonly string[] {
  const bytes = typeof secret === 'string' ? utf8(secret) : secret;
  if (bytes.length < 6) throw new RangeError('a secret to look for must have at least 6 bytes');
  const inBase64 = [0, 1, 2].map((offset) => {
    const shifted = new Uint8Array(offset + bytes.length);
    shifted.set(bytes, offset);
    // What the neighbours of a byte string decide is left off at both ends.
    const end = Math.floor((shifted.length * 8) / 6);
    return encodeBase64Url(shifted).slice(offset === 0 ? 0 : offset + 1, end);
  });
  const text = typeof secret === 'string' ? secret : undefined;
  return [
    ...new Set([
      ...(text === undefined ? [] : [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)]),
      bytesToHex(bytes),
      bytesToHex(bytes).toUpperCase(),
      ...inBase64,
      ...inBase64.map((each) => each.replaceAll('-', '+').replaceAll('_', '/')),
    ]),
  ];
}

/**
 * Looks for spellings in what a client sent: addresses, headers and bodies.
 *
 * @param spellings from {@link spellingsOf}.
 * @returns the operations of the requests that hold one, never the secret itself.
 */
export function findLeaks(exchanges: readonly Exchange[], spellings: readonly string[]): readonly string[] {
  return exchanges
    .filter(({ url, init }) => {
      const headers = JSON.stringify([...new Headers(init.headers)]);
      const sent = `${url.href}\n${headers}\n${typeof init.body === 'string' ? init.body : ''}`;
      return spellings.some((spelling) => sent.includes(spelling));
    })
    .map(({ operationId }) => operationId);
}
