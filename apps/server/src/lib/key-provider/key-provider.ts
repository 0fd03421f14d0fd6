/**
 * @file Services that hold a key which never leaves them, and that wrap and unwrap a 32-byte key under it.
 * The server's ring is sealed under such a key; see wrapped-ring.ts.
 */

/** Why a provider did not do what it was asked. Each is one thing an operator can do something about. */
export type KeyProviderFault =
  | 'unreachable'
  | 'timed-out'
  | 'refused'
  | 'not-found'
  | 'wrong-key'
  | 'busy'
  | 'unusable-answer';

const MEANINGS: Readonly<Record<KeyProviderFault, string>> = {
  unreachable: 'cannot be reached, or not over a connection that can be trusted',
  'timed-out': 'did not answer in time',
  refused: 'refuses these credentials, or they may not use this key',
  'not-found': 'does not know this key',
  'wrong-key': 'cannot unwrap it: it was wrapped under another key, or altered',
  busy: 'is too busy or out of order',
  'unusable-answer': 'gave an answer that is none',
};

/** A provider failed. The message never has anything in it that came from the provider or is secret. */
export class KeyProviderError extends Error {
  override readonly name = 'KeyProviderError';
  readonly fault: KeyProviderFault;

  /** @param provider its name for people. */
  constructor(provider: string, fault: KeyProviderFault) {
    super(`${provider} ${MEANINGS[fault]}`);
    this.fault = fault;
  }
}

/** One such service. */
export interface KeyProvider {
  /** The word of `SERVER_KEYS_PROVIDER`. */
  readonly id: string;
  /**
   * Wraps a key.
   *
   * @param key 32 bytes.
   * @returns what {@link KeyProvider.unwrap} takes, at most 8 KiB.
   * @throws {KeyProviderError}
   */
  wrap(key: Uint8Array): Promise<Uint8Array>;
  /** @throws {KeyProviderError} */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>;
}
