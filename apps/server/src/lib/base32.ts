/** @file Base32: RFC 4648 for authenticator apps, Crockford's for what people copy by hand. Neither is padded. */

const RFC_4648 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Encodes with the alphabet of RFC 4648 section 6, as `otpauth:` URLs have it. */
export function encodeBase32(bytes: Uint8Array): string {
  return encode(bytes, RFC_4648);
}

/** Encodes with Crockford's alphabet (https://www.crockford.com/base32.html): no I, L, O or U. */
export function encodeCrockford(bytes: Uint8Array): string {
  return encode(bytes, CROCKFORD);
}

/**
 * Brings text that a person typed into the one form that {@link encodeCrockford} gives: upper case, without
 * spaces and dashes, with digits for the letters that look like them.
 *
 * @param text untrusted; what is no Crockford text stays none.
 */
export function canonicalCrockford(text: string): string {
  return text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
}

function encode(bytes: Uint8Array, alphabet: string): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet.charAt((value >>> (bits - 5)) & 31);
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + alphabet.charAt((value << (5 - bits)) & 31);
}
