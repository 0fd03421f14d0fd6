/**
 * @file Where a client keeps what outlives the process, and the names it keeps it under.
 *
 * [Note: Storage keys] Every key begins with `zkv1.` and has only `a-z`, `0-9`, `.` and `-`, at most
 * 120 characters, so that an adapter may use it as a file name. `<realm>` is 32 hex digits of
 * SHA-256 over the realm, `<account>` the same over realm and login: no name of a person appears.
 *
 * | key | holds |
 * | --- | --- |
 * | `zkv1.device` | id of this device, shown in the list of sessions |
 * | `zkv1.<realm>.current` | login of the account that is logged in |
 * | `zkv1.<account>.secret-key` | the Secret Key: 32 bytes, in clear |
 * | `zkv1.<account>.pins` | newest state ever verified, under a MAC |
 * | `zkv1.<account>.account` | wrapped keys and account state, as the server gave them |
 * | `zkv1.<account>.tokens` | access and refresh token, in clear |
 * | `zkv1.<account>.pending` | the account as a change of its keys without an answer would make it, and its new Secret Key |
 * | `zkv1.<account>.cache.<vault>.<n>` | envelopes of a vault: 0 the base, 1 and on what changed |
 * | `zkv1.<account>.rotation.<vault>` | the next key of a vault, wrapped, while a rotation is under way |
 *
 * Nothing here opens a vault without the password (and the Secret Key); all of it is for this user's
 * eyes only, so an adapter must keep it from other users of the machine.
 */

/**
 * Durable bytes by name. An adapter must make each `set` atomic: after a crash a key has its old
 * value or its new one.
 */
export interface Storage {
  /** The value, or undefined if there is none. The caller owns the bytes. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Keeps a copy of the bytes. */
  set(key: string, value: Uint8Array): Promise<void>;
  /** Forgets a key; succeeds if it is not there. */
  delete(key: string): Promise<void>;
  /**
   * Runs work while no other client of this storage, in whatever process, runs work under the same key.
   * An adapter may leave it out; then of two clients that verify at the same moment one may forget what
   * the other has just remembered, until it verifies again.
   */
  exclusively?<Value>(key: string, work: () => Promise<Value>): Promise<Value>;
}

/** Runs work alone where the storage can see to that. */
export function exclusively<Value>(
  storage: Storage,
  key: string,
  work: () => Promise<Value>,
): Promise<Value> {
  return storage.exclusively === undefined ? work() : storage.exclusively(key, work);
}

/** A storage that forgets everything when the process ends: a client with it starts unanchored each time. */
export function memoryStorage(): Storage {
  const values = new Map<string, Uint8Array>();
  const tails = new Map<string, Promise<unknown>>();
  return {
    async get(key) {
      return values.get(key)?.slice();
    },
    async set(key, value) {
      values.set(key, value.slice());
    },
    async delete(key) {
      values.delete(key);
    },
    exclusively(key, work) {
      const result = (tails.get(key) ?? Promise.resolve()).then(work);
      tails.set(
        key,
        result.catch(() => undefined),
      );
      return result;
    },
  };
}
