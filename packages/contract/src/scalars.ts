/**
 * @file The small values of the wire: ids, times, base64url, envelopes.
 * Every limit that the API states is stated here and nowhere else.
 */
import { type Static, type TNull, type TSchema, type TString, type TUnion, Type } from '@sinclair/typebox';

/** Canonical, unpadded base64url (RFC 4648 section 5): no spare bit is set, so one byte string has one text. */
const BASE64URL_PATTERN =
  '^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?$';

/** How many characters of unpadded base64url `byteLength` bytes take. */
export function base64UrlLength(byteLength: number): number {
  return Math.ceil((byteLength * 4) / 3);
}

/**
 * Bytes as canonical unpadded base64url.
 *
 * @param limits inclusive bounds in bytes of what is encoded.
 */
export function Base64Url(limits: { readonly minBytes: number; readonly maxBytes: number }): TString {
  return Type.String({
    pattern: BASE64URL_PATTERN,
    minLength: base64UrlLength(limits.minBytes),
    maxLength: base64UrlLength(limits.maxBytes),
  });
}

/** Exactly `bytes` bytes as canonical unpadded base64url. */
export function Base64UrlOf(bytes: number): TString {
  return Base64Url({ minBytes: bytes, maxBytes: bytes });
}

/** A schema or JSON null. */
export function Nullable<Schema extends TSchema>(schema: Schema): TUnion<[Schema, TNull]> {
  return Type.Union([schema, Type.Null()]);
}

/** A UUID of any version, lower case (RFC 9562); the nil UUID is not one. */
export const Uuid = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
  minLength: 36,
  maxLength: 36,
});

/** Years 0001 to 9999: what a database takes. */
const YEAR = '(?:000[1-9]|00[1-9]\\d|0[1-9]\\d{2}|[1-9]\\d{3})';
/** Years with a 29th of February: those that 4 divides, of whole centuries only those that 400 divides. */
const LEAP_YEAR = '(?:\\d{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)';
const MONTH_AND_DAY =
  '(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))';

/**
 * An instant: RFC 3339 in UTC with milliseconds, as `Date.prototype.toISOString` writes it. Only days that
 * the calendar has, because a database takes no others.
 */
export const Instant = Type.String({
  pattern: `^(?:${YEAR}-${MONTH_AND_DAY}|${LEAP_YEAR}-02-29)T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d\\.\\d{3}Z$`,
  minLength: 24,
  maxLength: 24,
});

/** The largest counter: what JSON carries without loss. */
const MAX_COUNTER: number = Number.MAX_SAFE_INTEGER;

/** A counter that starts at 0: `seq`, `revision`. */
export const Counter = Type.Integer({ minimum: 0, maximum: MAX_COUNTER });

/** A counter that starts at 1 and fits a 32-bit integer: `version`, epochs. */
export const Ordinal = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });

/** Number of an entry's plaintext schema; the server only keeps it. */
export const SchemaNumber = Type.Integer({ minimum: 1, maximum: 32_767 });

/** Number of a KDF profile (docs/protocol.md section 2). */
export const KdfProfile = Type.Union([Type.Literal(1), Type.Literal(2), Type.Literal(3)]);
export type KdfProfile = Static<typeof KdfProfile>;

/** The KDF profile advised to clients and given for unknown logins. */
export const DEFAULT_KDF_PROFILE: KdfProfile = 1;

/** Limits of an entry's envelope, in bytes of its decoded fields. */
export const ENVELOPE_BYTES = { ciphertext: { minBytes: 1, maxBytes: 262_144 }, iv: 12, tag: 16 } as const;

/** Limits of the envelopes that hold one key or one small document, in bytes. */
export const SMALL_ENVELOPE_BYTES = { minBytes: 1, maxBytes: 32_768 } as const;

const envelopeFields = {
  ciphertext: Base64Url(ENVELOPE_BYTES.ciphertext),
  iv: Base64UrlOf(ENVELOPE_BYTES.iv),
  tag: Base64UrlOf(ENVELOPE_BYTES.tag),
};
const smallEnvelopeFields = { ...envelopeFields, ciphertext: Base64Url(SMALL_ENVELOPE_BYTES) };

/** The fields of an {@link Envelope}, for objects that extend it. */
export const EnvelopeFields = envelopeFields;

/** A ciphertext. The server checks its form and bounds, never its content. */
export const Envelope = Type.Object(envelopeFields, { additionalProperties: false, title: 'Envelope' });
export type Envelope = Static<typeof Envelope>;

/** A wrapped key: an envelope of at most 32 KiB. */
export const Wrap = Type.Object(smallEnvelopeFields, { additionalProperties: false, title: 'Wrap' });
export type Wrap = Static<typeof Wrap>;

/** A sealed document that only moves forward: an account state or a manifest. `seq` is compared and set. */
export const Sealed = Type.Object(
  { ...smallEnvelopeFields, seq: Counter },
  { additionalProperties: false, title: 'Sealed' },
);
export type Sealed = Static<typeof Sealed>;

/** 32 bytes that prove knowledge of the password: docs/protocol.md section 3. */
export const AuthKey = Base64UrlOf(32);

/** A password salt, 16 bytes. */
export const Salt = Base64UrlOf(16);

/** A refresh token, 32 bytes. */
export const RefreshToken = Base64UrlOf(32);
