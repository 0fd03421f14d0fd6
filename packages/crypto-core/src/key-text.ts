/**
 * @file Keys as people write them down: Crockford base32 in groups of five, with a prefix and a checksum.
 * 256 bits of key and 19 bits of checksum fill 55 characters exactly, so no bit is spare.
 */
import { encodeFields } from './encoding.ts';
import { KEY_BYTES } from './keys.ts';
import { sha256 } from './primitives/hash.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BODY_CHARACTERS = 55;
const GROUP_CHARACTERS = 5;
const CHECKSUM_BITS = 19n;
const MAX_TYPED_CHARACTERS = 256;

/** How one kind of key is written. */
export interface KeyTextForm {
  /** Before the first dash; upper case, digits only as 0 to 9. */
  readonly prefix: string;
  /** Domain of the checksum, so that one kind is never taken for another. */
  readonly label: string;
}

/** Encodes 32 bytes as `PREFIX-XXXXX-…`, eleven groups of five. */
export function encodeKeyText(form: KeyTextForm, key: Uint8Array): string {
  let bits = 0n;
  for (const byte of key) bits = (bits << 8n) | BigInt(byte);
  bits = (bits << CHECKSUM_BITS) | checksum(form, key);
  let text = form.prefix;
  for (let at = 0; at < BODY_CHARACTERS; at += 1) {
    const shift = BigInt(5 * (BODY_CHARACTERS - 1 - at));
    text += (at % GROUP_CHARACTERS === 0 ? '-' : '') + ALPHABET.charAt(Number((bits >> shift) & 31n));
  }
  return text;
}

/**
 * Decodes what somebody typed: any case, dashes and white space anywhere or nowhere, O for 0, I and L for 1.
 *
 * @returns 32 bytes, or undefined if prefix, length, a character or the checksum is wrong.
 */
export function decodeKeyText(form: KeyTextForm, typed: string): Uint8Array | undefined {
  if (typed.length > MAX_TYPED_CHARACTERS) return undefined;
  const text = typed
    .toUpperCase()
    .replaceAll(/[\s\p{Pd}]/gu, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
  if (!text.startsWith(form.prefix) || text.length !== form.prefix.length + BODY_CHARACTERS) return undefined;
  let bits = 0n;
  for (const character of text.slice(form.prefix.length)) {
    const value = ALPHABET.indexOf(character);
    if (value === -1) return undefined;
    bits = (bits << 5n) | BigInt(value);
  }
  const key = new Uint8Array(KEY_BYTES);
  for (let index = 0; index < KEY_BYTES; index += 1)
    key[index] = Number((bits >> (CHECKSUM_BITS + BigInt(8 * (KEY_BYTES - 1 - index)))) & 255n);
  return (bits & ((1n << CHECKSUM_BITS) - 1n)) === checksum(form, key) ? key : undefined;
}

/** The first 19 bits of a hash: a typing error passes once in 524,288 times. */
function checksum({ label }: KeyTextForm, key: Uint8Array): bigint {
  const [first, second, third] = sha256(encodeFields(label, key));
  return BigInt(((first! << 16) | (second! << 8) | third!) >> 5);
}
