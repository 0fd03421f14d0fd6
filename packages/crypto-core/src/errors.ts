/** @file The errors of bad data, shared with the SDK. A caller's own mistake is a `RangeError` or `TypeError` instead. */

/** Every code this package throws, and what it says. The SDK adds its own. */
export const coreErrorCodes = {
  'encoding-invalid': 'text is not canonical base64url or hexadecimal',
  'uuid-invalid': 'an id is not a UUID in lower case',
  'envelope-invalid': 'an envelope has a wrong shape, length, suite or padding',
  'key-invalid': 'an envelope opened to something that is not a 32-byte key',
  'secret-key-invalid': 'text is not a Secret Key: wrong prefix, length, character or checksum',
  'recovery-key-invalid': 'text is not a recovery key: wrong prefix, length, character or checksum',
  'api-key-invalid': 'text is not an API key: wrong prefix, length or character, or half of it missing',
  'kdf-profile-unknown': 'a KDF profile is not in the table compiled in',
  'integrity-failed': 'wrong key, wrong place or altered bytes, which are not told apart',
  'random-source-broken': 'the random number generator of the platform repeats itself',
} as const;

/** A stable name for what went wrong in this package. */
export type CoreErrorCode = keyof typeof coreErrorCodes;

/** What every error about data is an instance of. Messages never contain a secret or user data. */
export class ZkvaultError extends Error {
  override readonly name: string = 'ZkvaultError';
  /** Stable, kebab-case; made to be compared. */
  readonly code: string;

  constructor(code: CoreErrorCode | (string & {}), message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Data is malformed, absent or unknown, whoever it came from. */
export class ProtocolError extends ZkvaultError {
  override readonly name: string = 'ProtocolError';
}

/** Well-formed data is not what was written: wrong key, wrong place or altered bytes. */
export class IntegrityError extends ZkvaultError {
  override readonly name: string = 'IntegrityError';

  constructor(
    code: CoreErrorCode | (string & {}) = 'integrity-failed',
    message = 'the data does not authenticate',
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** A KDF profile that this build does not know or that is not allowed. Thrown before any work is done. */
export class KdfPolicyError extends ZkvaultError {
  override readonly name: string = 'KdfPolicyError';
}
