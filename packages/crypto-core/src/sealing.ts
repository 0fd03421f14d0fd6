/**
 * @file How an envelope is computed and taken apart, with salt and IV given. Not part of the package's door:
 * only `envelope.ts`, which draws them, and the known-answer tests may call {@link sealWith}.
 */
import { concatBytes, equalInConstantTime, wipe } from './bytes.ts';
import { decodeBase64Url, encodeBase64Url, encodeFields } from './encoding.ts';
import { IntegrityError, ProtocolError } from './errors.ts';
import type { SealingKey } from './keys.ts';
import { labels, SUITE } from './labels.ts';
import { pad, paddedLength, unpad } from './padding.ts';
import { encodePlace, type PlaceKind, type PlaceOf } from './place.ts';
import { decryptAesGcm, encryptAesGcm } from './primitives/aead.ts';
import { AES_KEY_BYTES, IV_BYTES, TAG_BYTES } from './primitives/aes-gcm.ts';
import { HASH_BYTES, hkdfSha256, sha256 } from './primitives/hash.ts';

/** Length of an envelope's salt. */
export const SALT_BYTES = 16;

const COMMITMENT_BYTES = HASH_BYTES;
const HEADER_BYTES = 1 + SALT_BYTES + COMMITMENT_BYTES;
const SMALLEST_CIPHERTEXT_BYTES: number = HEADER_BYTES + paddedLength(0);
const SUITE_BYTE = Uint8Array.of(SUITE);

/** What travels: canonical base64url fields, as the wire has them. */
export interface Envelope {
  readonly ciphertext: string;
  readonly iv: string;
  readonly tag: string;
}

/** The decoded fields of an envelope; lengths are checked, nothing else. */
export interface EnvelopeBytes {
  readonly ciphertext: Uint8Array;
  readonly iv: Uint8Array;
  readonly tag: Uint8Array;
}

/** Salt and IV of one envelope. Using a pair twice under one key breaks its secrecy. */
export interface Freshness {
  /** 16 bytes. */
  readonly salt: Uint8Array;
  /** 12 bytes. */
  readonly iv: Uint8Array;
}

/**
 * Seals with a given salt and IV. Deterministic, so not for use outside of `envelope.ts` and known-answer tests.
 *
 * @throws {RangeError} salt or IV of another length, or a field of the place out of bounds.
 */
export async function sealWith<Kind extends PlaceKind>(
  key: SealingKey<Kind>,
  place: PlaceOf<NoInfer<Kind>>,
  plaintext: Uint8Array,
  freshness: Freshness,
): Promise<Envelope> {
  const { salt, iv } = freshness;
  if (salt.length !== SALT_BYTES)
    throw new RangeError(`salt must be ${SALT_BYTES} bytes, got ${salt.length}`);
  const associatedData = encodePlace(place);
  const { messageKey, commitment } = deriveMessageKey(key, associatedData, freshness);
  const { body, tag } = await encryptAesGcm({ key: messageKey, iv, associatedData }, pad(plaintext));
  wipe(messageKey);
  return {
    ciphertext: encodeBase64Url(concatBytes(SUITE_BYTE, salt, commitment, body)),
    iv: encodeBase64Url(iv),
    tag: encodeBase64Url(tag),
  };
}

/**
 * Opens decoded fields.
 *
 * @throws {ProtocolError} `envelope-invalid`: it authenticates, but was not padded as it must be.
 * @throws {IntegrityError} `integrity-failed`.
 */
export async function openBytes<Kind extends PlaceKind>(
  key: SealingKey<Kind>,
  place: PlaceOf<NoInfer<Kind>>,
  envelope: EnvelopeBytes,
): Promise<Uint8Array> {
  const { ciphertext, iv, tag } = envelope;
  const salt = ciphertext.subarray(1, 1 + SALT_BYTES);
  const associatedData = encodePlace(place);
  const { messageKey, commitment } = deriveMessageKey(key, associatedData, { salt, iv });
  if (!equalInConstantTime(commitment, ciphertext.subarray(1 + SALT_BYTES, HEADER_BYTES)))
    throw new IntegrityError();
  const body = ciphertext.subarray(HEADER_BYTES);
  const padded = await decryptAesGcm({ key: messageKey, iv, associatedData }, { body, tag });
  wipe(messageKey);
  if (padded === undefined) throw new IntegrityError();
  const plaintext = unpad(padded);
  if (plaintext === undefined) throw new ProtocolError('envelope-invalid', 'the padding is not canonical');
  return plaintext;
}

/**
 * Decodes the fields of an envelope and checks lengths and suite. Other fields are never read.
 *
 * @param envelope untrusted.
 * @throws {ProtocolError} `encoding-invalid` or `envelope-invalid`.
 */
export function decodeEnvelope(envelope: Envelope): EnvelopeBytes {
  const ciphertext = decodeBase64Url(envelope.ciphertext);
  const iv = decodeBase64Url(envelope.iv);
  const tag = decodeBase64Url(envelope.tag);
  if (iv.length !== IV_BYTES) throw invalid(`iv must be ${IV_BYTES} bytes, got ${iv.length}`);
  if (tag.length !== TAG_BYTES) throw invalid(`tag must be ${TAG_BYTES} bytes, got ${tag.length}`);
  if (ciphertext.length < SMALLEST_CIPHERTEXT_BYTES)
    throw invalid(`ciphertext must be at least ${SMALLEST_CIPHERTEXT_BYTES} bytes, got ${ciphertext.length}`);
  if (ciphertext[0] !== SUITE) throw invalid(`suite must be ${SUITE}, got ${ciphertext[0]}`);
  return { ciphertext, iv, tag };
}

/** The commitment binds key, place and IV, so an envelope opens under one key only. */
function deriveMessageKey(key: Uint8Array, associatedData: Uint8Array, { salt, iv }: Freshness) {
  const derived = hkdfSha256({
    key,
    salt,
    info: sha256(encodeFields(labels.envelope, associatedData, iv)),
    length: AES_KEY_BYTES + COMMITMENT_BYTES,
  });
  return { messageKey: derived.subarray(0, AES_KEY_BYTES), commitment: derived.subarray(AES_KEY_BYTES) };
}

function invalid(message: string): ProtocolError {
  return new ProtocolError('envelope-invalid', message);
}
