/**
 * @file The account state: what the account consists of, sealed under its own key
 * (docs/protocol.md section 5). A login only reads it; whatever disagrees with it is refused.
 */
import type { Sealed } from '@zkvault/contract';
import {
  type Envelope,
  encodeBase64Url,
  envelopeHash,
  type KdfProfileId,
  open,
  ProtocolError,
  parseKdfProfile,
  type SealingKey,
  seal,
  wipe,
} from '@zkvault/crypto-core';
import {
  arrayOf,
  asObject,
  counter,
  decodeDocument,
  encodeDocument,
  exactly,
  hash,
  instant,
  invalid,
  oneOf,
  ordinal,
  text,
  uuid,
} from './sealed-json.ts';

/** Largest plaintext of an account state. */
const MAX_BYTES = 16_384;

/** A place in the history of a vault or of the account state. */
export interface Mark {
  readonly seq: number;
  /** 32 bytes: `envelopeHash` of the sealed document with that seq. */
  readonly hash: Uint8Array;
}

/** What the account state says of one vault. */
export interface ListedVault {
  readonly id: string;
  readonly vkEpoch: number;
  readonly role: 'owner';
  readonly integrity: 'manifest' | 'none';
  /** Hash of the manifest with seq 0. */
  readonly createdHash: Uint8Array;
  /** A commit that some device of this account verified. */
  readonly checkpoint: Mark;
}

/** What authenticates the pins that a device wrote before a rotation of the account key. */
export interface FormerPinsKey {
  readonly akEpoch: number;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** How many of them are kept; a device that missed more rotations starts without its memory. */
export const FORMER_PINS_KEYS = 16;

/** The decoded account state. */
export interface AccountState {
  readonly accountId: string;
  readonly login: string;
  readonly realm: string;
  readonly kdfProfile: KdfProfileId;
  /** 1 if the account has a Secret Key. */
  readonly skFlag: 0 | 1;
  readonly akEpoch: number;
  readonly seq: number;
  /** Hash of the account state before; 32 zero bytes for the first. */
  readonly prev: Uint8Array;
  readonly vaults: readonly ListedVault[];
  /** Written by later versions; kept as it is. */
  readonly contacts: readonly unknown[];
  /** The recovery key the account has; null for none. What a server says of it is not asked. */
  readonly recoveryId: string | null;
  /** Oldest first. */
  readonly formerPinsKeys: readonly FormerPinsKey[];
  /** The device that wrote it. */
  readonly updatedBy: string;
  readonly updatedAt: string;
}

/** Whose account state it is. */
export interface StatePlace {
  readonly realm: string;
  readonly accountId: string;
  readonly akEpoch: number;
}

/** Seals an account state. @throws {RangeError} it would be larger than 16 KiB. */
export async function sealAccountState(key: SealingKey<'acctstate'>, state: AccountState): Promise<Sealed> {
  const { seq } = state;
  const plaintext = encodeDocument(toJson(state));
  if (plaintext.length > MAX_BYTES) throw new RangeError('an account state must be at most 16 KiB');
  const { realm, accountId, akEpoch } = state;
  const envelope = await seal(key, { object: 'acctstate', realm, accountId, akEpoch, seq }, plaintext);
  return { ...envelope, seq };
}

/**
 * Opens an account state and decodes it strictly.
 *
 * @param sealed untrusted.
 * @throws {IntegrityError} another account's, another epoch's, another seq's, or altered.
 * @throws {ProtocolError} it does not say exactly what it must.
 */
export async function openAccountState(
  key: SealingKey<'acctstate'>,
  place: StatePlace,
  sealed: Sealed,
): Promise<AccountState> {
  const { realm, accountId, akEpoch } = place;
  const { seq } = sealed;
  const plaintext = await open(key, { object: 'acctstate', realm, accountId, akEpoch, seq }, sealed);
  if (plaintext.length > MAX_BYTES) throw invalid('account state');
  const state = decodeDocument(plaintext, 'account state', readState);
  wipe(plaintext);
  if (
    state.seq !== seq ||
    state.accountId !== accountId ||
    state.realm !== realm ||
    state.akEpoch !== akEpoch
  )
    throw new ProtocolError('account-state-contradiction', 'the account state contradicts its own place');
  return state;
}

/** The mark of a sealed document. @throws {ProtocolError} not an envelope. */
export function markOf(sealed: Envelope & { readonly seq: number }): Mark {
  return { seq: sealed.seq, hash: envelopeHash(sealed) };
}

const readVault = exactly('vault', {
  id: uuid,
  vkEpoch: ordinal,
  role: oneOf('role', ['owner']),
  integrity: oneOf('integrity', ['manifest', 'none']),
  createdHash: hash,
  checkpoint: exactly('checkpoint', { seq: counter, hash }),
});

const readVaults = arrayOf('vaults', readVault);

const fields = {
  accountId: uuid,
  login: text,
  realm: text,
  kdfProfile: parseKdfProfile,
  skFlag: oneOf('skFlag', [0, 1]),
  akEpoch: ordinal,
  seq: counter,
  prev: hash,
  vaults: readVaults,
  contacts: arrayOf('contacts', (contact) => contact),
  updatedBy: uuid,
  updatedAt: instant,
};

/** An account that never had a recovery key nor a rotation: both are not in it. */
const readFirst = exactly('account state', { v: oneOf('v', [1]), ...fields });

const readSecond = exactly('account state', {
  v: oneOf('v', [2]),
  ...fields,
  recoveryId: (value): string | null => (value === null ? null : uuid(value)),
  formerPinsKeys: arrayOf('formerPinsKeys', exactly('former pins key', { akEpoch: ordinal, key: hash })),
});

function readState(value: unknown): AccountState {
  const isSecond = asObject(value, 'account state')['v'] === 2;
  const { v, ...state } = isSecond
    ? readSecond(value)
    : { ...readFirst(value), recoveryId: null, formerPinsKeys: [] };
  // One form for one state, or two texts would say the same.
  if (isSecond && !needsSecond(state)) throw invalid('account state');
  if (new Set(state.vaults.map(({ id }) => id)).size !== state.vaults.length) throw invalid('vaults');
  return state;
}

function needsSecond({ recoveryId, formerPinsKeys }: Pick<AccountState, 'recoveryId' | 'formerPinsKeys'>) {
  return recoveryId !== null || formerPinsKeys.length > 0;
}

function toJson({ recoveryId, formerPinsKeys, ...state }: AccountState): object {
  const second = {
    recoveryId,
    formerPinsKeys: formerPinsKeys.map(({ akEpoch, key }) => ({ akEpoch, key: encodeBase64Url(key) })),
  };
  const isSecond = needsSecond({ recoveryId, formerPinsKeys });
  return {
    v: isSecond ? 2 : 1,
    ...(isSecond ? second : {}),
    ...state,
    prev: encodeBase64Url(state.prev),
    vaults: state.vaults.map((vault) => ({
      ...vault,
      createdHash: encodeBase64Url(vault.createdHash),
      checkpoint: { seq: vault.checkpoint.seq, hash: encodeBase64Url(vault.checkpoint.hash) },
    })),
  };
}
