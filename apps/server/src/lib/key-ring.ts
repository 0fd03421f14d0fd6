/**
 * @file The server's own keys: one ring from the configuration, one subkey per purpose by HKDF.
 * None of them opens anything a client sealed.
 */
import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** What a subkey is for. The names are part of the derivation. */
export type KeyPurpose =
  | 'totp-seed'
  | 'recovery-code'
  | 'recovery-token'
  | 'pepper'
  | 'refresh'
  | 'enumeration'
  | 'lockout'
  | 'invitation'
  | 'rate-limit'
  | 'api-key'
  | 'audit'
  | 'idempotency';

/** One key of the ring. */
export interface RingKey {
  /** 1 to 32 characters of `A-Za-z0-9_-`; stored beside what the key protects. */
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

/** A subkey and the id of the ring's key it comes from. */
export interface Subkey {
  readonly id: string;
  /** 32 bytes. */
  readonly bytes: Uint8Array;
}

/** The keys, newest first. */
export interface KeyRing {
  /** Newest first. */
  readonly ids: readonly string[];
  /** For what is made now. */
  newest(purpose: KeyPurpose): Subkey;
  /**
   * For what must stay the same when a key is added: false salts, counters. It changes when the
   * oldest key is taken out of the ring.
   */
  oldest(purpose: KeyPurpose): Subkey;
  /** For what was made under a key that is still in the ring. */
  find(purpose: KeyPurpose, id: string): Subkey | undefined;
  /** Every subkey of a purpose, newest first. */
  all(purpose: KeyPurpose): readonly Subkey[];
}

/**
 * Makes a ring.
 *
 * @param keys newest first, at least one, ids distinct.
 */
export function makeKeyRing(keys: readonly RingKey[]): KeyRing {
  const [first] = keys;
  const last = keys.at(-1);
  if (first === undefined || last === undefined) throw new RangeError('a key ring needs at least one key');
  const derived = new Map<string, Subkey>();
  const subkey = (purpose: KeyPurpose, { id, secret }: RingKey): Subkey => {
    const name = `${purpose} ${id}`;
    const known = derived.get(name);
    if (known !== undefined) return known;
    const bytes = new Uint8Array(hkdfSync('sha256', secret, '', `zkvault/server/1/${purpose}`, 32));
    const made = { id, bytes };
    derived.set(name, made);
    return made;
  };
  return {
    ids: keys.map(({ id }) => id),
    newest: (purpose) => subkey(purpose, first),
    oldest: (purpose) => subkey(purpose, last),
    find(purpose, id) {
      const key = keys.find((candidate) => candidate.id === id);
      return key === undefined ? undefined : subkey(purpose, key);
    },
    all: (purpose) => keys.map((key) => subkey(purpose, key)),
  };
}

/**
 * HMAC-SHA-256 over a label and parts, each with its length before it, so that no two lists of parts
 * give the same input.
 *
 * @returns 32 bytes.
 */
export function authenticate(
  key: Subkey,
  label: string,
  ...parts: readonly (string | Uint8Array)[]
): Uint8Array {
  const hmac = createHmac('sha256', keyObjectOf(key));
  for (const part of [label, ...parts]) {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hmac.update(length).update(bytes);
  }
  return new Uint8Array(hmac.digest());
}

const keyObjects = new WeakMap<Subkey, KeyObject>();

/** Kept, because making one costs more than the HMAC of a short message. */
function keyObjectOf(key: Subkey): KeyObject {
  const known = keyObjects.get(key);
  if (known !== undefined) return known;
  const made = createSecretKey(key.bytes);
  keyObjects.set(key, made);
  return made;
}
