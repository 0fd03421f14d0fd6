/**
 * @file Pins: the newest state this device ever verified, in its own storage, under a MAC
 * (docs/protocol.md section 6). They only rise. Read without the key, before an unlock, they only
 * raise the bar; whoever forges them can make a login fail, never pass.
 */
import {
  concatBytes,
  encodeBase64Url,
  equalInConstantTime,
  IntegrityError,
  macPins,
  type PinsKey,
  ProtocolError,
  verifyPins,
} from '@zkvault/crypto-core';
import type { Mark } from './account-state.ts';
import { ForkError, LockedError, RollbackError } from './errors.ts';
import {
  asObject,
  counter,
  decodeDocument,
  encodeDocument,
  exactly,
  hash,
  instant,
  oneOf,
  ordinal,
  uuid,
} from './sealed-json.ts';
import { exclusively, type Storage } from './storage.ts';

const MAC_BYTES = 32;

/** The newest verified commit of one vault. */
export interface VaultPin extends Mark {
  /** How many entries it had; for showing. */
  readonly entryCount: number;
  /** When this device last verified it, by its own clock; for showing. */
  readonly verifiedAt: string;
  /** When that commit was made, by its writer's clock; for telling a vault that does not move on. */
  readonly committedAt: string;
}

/** What is remembered of one account. */
export interface Pins {
  readonly accountId: string;
  readonly kdfRank: number;
  readonly skFlag: 0 | 1;
  readonly akEpoch: number;
  readonly state: Mark;
  readonly vaults: { readonly [vaultId: string]: VaultPin };
}

/** The pins of one account, opened. */
export interface PinBook {
  /** Verified pins, undefined if there are none; never less than what this book saw before. */
  read(): Promise<Pins | undefined>;
  /**
   * Raises pins; what is left out or older stays as it is.
   *
   * @throws {ForkError} it contradicts a pin; nothing is written.
   */
  raise(rise: Rise): Promise<void>;
}

/** What to raise. */
export interface Rise {
  /** Needed if there are no pins yet. */
  readonly account?: Omit<Pins, 'vaults'>;
  readonly vaults?: Pins['vaults'];
}

/**
 * Reads pins without checking their MAC: for the checks that come before any key is known.
 *
 * @throws {IntegrityError} `pins-tampered`: this is not what was written.
 */
export async function readUnverifiedPins(storage: Storage, storageKey: string): Promise<Pins | undefined> {
  const stored = await storage.get(storageKey);
  return stored === undefined ? undefined : decodePins(stored.subarray(MAC_BYTES));
}

/**
 * The key of pins that were written under the account key of an epoch; undefined if it is too old to be known.
 * Asked for at every use, so that a locked session's book is closed.
 *
 * @throws {RollbackError} the epoch is later than the account's.
 */
export type PinsKeyOf = (akEpoch: number) => PinsKey | undefined;

/** Opens the pins of an account. Pins whose key is too old to be known are as good as deleted. */
export function openPinBook(storage: Storage, storageKey: string, pinsKeyOf: PinsKeyOf): PinBook {
  let seen: Pins | undefined;

  function keyOf(akEpoch: number): PinsKey | undefined {
    try {
      return pinsKeyOf(akEpoch);
    } catch (error) {
      // What was read before was not later than the account: its key was replaced since, on this very device, and
      // the server has rolled nothing back.
      throw error instanceof RollbackError && seen !== undefined ? new LockedError() : error;
    }
  }

  async function read(): Promise<Pins | undefined> {
    const stored = await storage.get(storageKey);
    if (stored === undefined) return seen;
    const document = stored.subarray(MAC_BYTES);
    const mac = stored.subarray(0, MAC_BYTES);
    if (mac.length !== MAC_BYTES) throw tampered();
    // Not believed: whoever forges the epoch chooses a key under which the MAC must still be right.
    const pins = decodePins(document);
    const key = keyOf(pins.akEpoch);
    if (key === undefined) return seen;
    verifyPins(key, document, mac);
    seen = seen === undefined ? pins : merge(seen, pins);
    return seen;
  }

  return {
    read,
    // Read and write are one step, or a slower process would put back what a faster one has raised.
    raise: ({ account, vaults = {} }) =>
      exclusively(storage, storageKey, async () => {
        const present = await read();
        const from = account ?? present;
        if (from === undefined) throw new RangeError('the first pins must be of an account');
        const wished: Pins = { ...from, vaults };
        const next = present === undefined ? wished : merge(present, wished);
        const key = pinsKeyOf(next.akEpoch);
        if (key === undefined) throw new RangeError('pins must be of the present account key');
        await writePins(storage, storageKey, key, next);
        seen = next;
      }),
  };
}

/** Writes pins over whatever is there: for the registration that begins an account's history. */
export async function writePins(
  storage: Storage,
  storageKey: string,
  pinsKey: PinsKey,
  pins: Pins,
): Promise<void> {
  const document = encodeDocument(toJson(pins));
  await storage.set(storageKey, concatBytes(macPins(pinsKey, document), document));
}

/**
 * The later of two states, part by part. Another process of this user may have raised a pin between
 * a read and a write, so an older part is passed over, not refused; a contradiction is refused.
 */
function merge(present: Pins, wished: Pins): Pins {
  if (present.accountId !== wished.accountId)
    throw new IntegrityError('account-changed', 'this login had another account before');
  const vaults: Record<string, VaultPin> = { ...present.vaults };
  for (const [vaultId, pin] of Object.entries(wished.vaults)) {
    const known = vaults[vaultId];
    vaults[vaultId] = known === undefined ? pin : later(known, pin, 'the vault');
  }
  return {
    accountId: present.accountId,
    kdfRank: Math.max(present.kdfRank, wished.kdfRank),
    skFlag: present.skFlag === 1 ? 1 : wished.skFlag,
    akEpoch: Math.max(present.akEpoch, wished.akEpoch),
    state: later(present.state, wished.state, 'the account state'),
    vaults,
  };
}

function later<Kind extends Mark>(known: Kind, given: Kind, what: string): Kind {
  if (given.seq < known.seq) return known;
  assertFollows(known, given, what);
  return given;
}

/**
 * Refuses a mark that is older than a known one, or is another one of the same age.
 *
 * @param what for the message.
 * @throws {RollbackError} @throws {ForkError}
 */
export function assertFollows(known: Mark, given: Mark, what: string): void {
  if (given.seq < known.seq)
    throw new RollbackError(`${what} is at ${given.seq}, it was at ${known.seq} before`);
  if (given.seq === known.seq && !equalInConstantTime(given.hash, known.hash))
    throw new ForkError(`${what} at ${given.seq} is not the one that was verified`);
}

const readVaultPin = exactly('vault pin', {
  seq: counter,
  hash,
  entryCount: counter,
  verifiedAt: instant,
  committedAt: instant,
});

const readPins = exactly('pins', {
  accountId: uuid,
  kdfRank: ordinal,
  skFlag: oneOf('skFlag', [0, 1]),
  akEpoch: ordinal,
  state: exactly('state', { seq: counter, hash }),
  vaults: (value): Readonly<Record<string, VaultPin>> =>
    Object.fromEntries(
      Object.entries(asObject(value, 'vaults')).map(([id, pin]) => [uuid(id), readVaultPin(pin)]),
    ),
});

function decodePins(document: Uint8Array): Pins {
  try {
    return decodeDocument(document, 'pins', readPins);
  } catch (error) {
    if (error instanceof ProtocolError) throw tampered();
    throw error;
  }
}

function toJson(pins: Pins): object {
  return {
    ...pins,
    state: markToJson(pins.state),
    vaults: Object.fromEntries(
      Object.entries(pins.vaults).map(([id, pin]) => [id, { ...pin, ...markToJson(pin) }]),
    ),
  };
}

function markToJson({ seq, hash: bytes }: Mark): object {
  return { seq, hash: encodeBase64Url(bytes) };
}

function tampered(): IntegrityError {
  return new IntegrityError('pins-tampered', 'the pins in storage are not what this device wrote');
}
