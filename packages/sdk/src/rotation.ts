/**
 * @file Rotation of a vault key (docs/protocol.md section 8, ADR 0020). The old key is dropped only after the
 * whole vault was read back under the new one and verified; until then nothing that this client holds changes.
 */
import { replaceVault, type Sealed, type Wrap } from '@zkvault/contract';
import {
  deriveVaultKeys,
  emptyManifestTree,
  equalInConstantTime,
  IntegrityError,
  makeVaultKey,
  ProtocolError,
  unwrapVaultKey,
  type VaultKey,
  wipe,
  wrapVaultKey,
} from '@zkvault/crypto-core';
import { type Mark, markOf } from './account-state.ts';
import { ConflictError, RotationIncompleteError, TransportError, VaultRotatedError } from './errors.ts';
import { sealManifest } from './manifest-check.ts';
import type { RotateOptions } from './options.ts';
import { type Replica, type VaultPlace, verifyChanges } from './replica.ts';
import {
  type RotationRecord,
  readRotationRecord,
  type SentRotation,
  writeRotationRecord,
} from './rotation-record.ts';
import type { Session } from './session.ts';
import type { SessionCalls } from './session-calls.ts';
import { makeStaging, type Staging } from './staging.ts';
import type { StateWriter } from './state-writer.ts';
import type { Storage } from './storage.ts';
import type { VaultSync } from './vault-sync.ts';

const UNVERIFIED = 'the new vault key is not verified; the old one is still in use';
const MAX_ATTEMPTS = 3;
/** How many attempts are remembered; one that is taken later than that looks like another device's. */
const MAX_REMEMBERED = 16;

/** What a rotation works with. */
export interface RotationDeps {
  readonly session: Session;
  readonly calls: SessionCalls;
  readonly states: StateWriter;
  readonly storage: Storage;
  /** Where the record of a vault's rotation is kept. */
  readonly recordKey: (vaultId: string) => string;
  readonly deviceId: string;
  readonly now: () => number;
}

/** A rotation under way: the next key, and where everything is sealed under it. */
interface Rotation {
  readonly vault: VaultSync;
  readonly place: VaultPlace;
  /** Owned; given to the session when it is verified. */
  readonly vaultKey: VaultKey;
  record: RotationRecord;
}

/**
 * Replaces the key of a vault, or finishes a replacement whose answer was lost.
 *
 * @throws {RotationIncompleteError} @throws {VaultRotatedError}
 * @throws {ConflictError} writes of other devices came between three times, or `account-state-stale`.
 */
export async function rotateVaultKey(
  deps: RotationDeps,
  vault: VaultSync,
  options: RotateOptions,
): Promise<void> {
  const rotation = await beginRotation(deps, vault);
  try {
    if (rotation.record.sent.length > 0 && (await confirm(deps, rotation, options)) === 'taken') return;
    await attemptRotation(deps, rotation, options);
  } finally {
    wipe(rotation.vaultKey, ...Object.values(rotation.place.keys));
  }
}

async function attemptRotation(
  deps: RotationDeps,
  rotation: Rotation,
  options: RotateOptions,
): Promise<void> {
  const { vault } = rotation;
  let staging = makeStaging(deps.calls, rotation.place);
  for (let attempt = 1; ; attempt += 1) {
    const { after: base } = await vault.pull(options);
    const total = base.entries.size;
    let isAsked = false;
    try {
      await staging.stage(base.entries, options, (staged) => options.onProgress?.({ staged, total }));
      isAsked = true;
      await sendSwitch(deps, rotation, { base, staging }, options);
    } catch (error) {
      if (!(error instanceof ConflictError) && !(isAsked && isAmbiguous(error))) throw error;
      if (error.code === 'rotation-incomplete') staging = makeStaging(deps.calls, rotation.place);
      else if (await settle(deps, rotation, { base, error, isAsked }, options)) return;
      if (attempt === MAX_ATTEMPTS) throw error;
      continue;
    }
    if ((await confirm(deps, rotation, options)) !== 'taken') throw new RotationIncompleteError(UNVERIFIED);
    return;
  }
}

interface Setback {
  readonly base: Replica;
  readonly error: ConflictError | TransportError;
  /** True if the server was asked for the switch, not only to stage. */
  readonly isAsked: boolean;
}

/**
 * Finds out what a conflict or a lost answer stands for.
 *
 * @returns true if the switch was made all the same; false if it is to be tried again.
 */
async function settle(
  deps: RotationDeps,
  rotation: Rotation,
  { base, error, isAsked }: Setback,
  options: RotateOptions,
): Promise<boolean> {
  const found = await confirm(deps, rotation, options);
  if (found === 'taken') return true;
  if (found === 'foreign') throw new VaultRotatedError();
  if (!isAsked || isAmbiguous(error)) return false;
  const { after } = await rotation.vault.pull(options);
  if (!isSame(after.mark, base.mark)) return false;
  throw new ConflictError(
    'account-state-stale',
    'another device has changed the account state: log in again, then rotate the key',
    { cause: error },
  );
}

/** Takes up the rotation that this device has begun, or begins one. */
async function beginRotation(deps: RotationDeps, vault: VaultSync): Promise<Rotation> {
  const { session, storage } = deps;
  const { realm, vaultId, vkEpoch: presentEpoch } = vault.place();
  const vkEpoch = presentEpoch + 1;
  const { accountId } = session.account;
  const wrapPlace = { object: 'vaultkey', realm, accountId, vaultId, vkEpoch, role: 'owner' } as const;
  const { vaultWrappingKey } = session.accountKeys();
  const begun = (vaultKey: VaultKey, record: RotationRecord): Rotation => {
    const place = { realm, vaultId, vkEpoch, keys: deriveVaultKeys(vaultKey) };
    return { vault, place, vaultKey, record };
  };
  const record = await readRotationRecord(storage, deps.recordKey(vaultId));
  if (record?.vkEpoch === vkEpoch) {
    const known = await unwrapKnown(() => unwrapVaultKey(vaultWrappingKey, wrapPlace, record.wrap));
    if (known !== undefined) return begun(known, record);
  }
  const vaultKey = makeVaultKey();
  const wrap = await wrapVaultKey(vaultWrappingKey, wrapPlace, vaultKey);
  const rotation = begun(vaultKey, { vkEpoch, wrap, sent: [] });
  await writeRotationRecord(storage, deps.recordKey(vaultId), rotation.record);
  return rotation;
}

/** A record that does not open is as good as none: it is of another account key, or was tampered with. */
async function unwrapKnown(unwrap: () => Promise<VaultKey>): Promise<VaultKey | undefined> {
  try {
    return await unwrap();
  } catch (error) {
    if (error instanceof IntegrityError || error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Asks the server to make the switch. What is sent is remembered first, so that a lost answer can be made up. */
async function sendSwitch(
  deps: RotationDeps,
  rotation: Rotation,
  { base, staging }: { readonly base: Replica; readonly staging: Staging },
  options: RotateOptions,
): Promise<void> {
  const { vault, place } = rotation;
  const { vaultId, vkEpoch } = place;
  const manifest = await sealFirstManifest(deps, rotation, { base, staging });
  const checkpoint = markOf(manifest);
  const accountState = await deps.states.prepare((listed) =>
    listed.id === vaultId ? { ...listed, vkEpoch, checkpoint } : listed,
  );
  const sent = [...rotation.record.sent, { mark: checkpoint, accountState }].slice(-MAX_REMEMBERED);
  rotation.record = { ...rotation.record, sent };
  await writeRotationRecord(deps.storage, deps.recordKey(vault.id), rotation.record);
  const { wrap } = rotation.record;
  const body = { vkEpoch, wrap, rotationId: staging.rotationId, manifest, accountState };
  await deps.calls.send(replaceVault, { params: { vaultId }, body }, options);
}

/** The first manifest under the next key: no tombstones, and the key that opens the manifests before it. */
function sealFirstManifest(
  deps: RotationDeps,
  { vault, place }: Rotation,
  { base, staging }: { readonly base: Replica; readonly staging: Staging },
): Promise<Sealed> {
  const { realm, vaultId, vkEpoch, keys } = place;
  const tree = emptyManifestTree.with(staging.leaves(base.entries));
  return sealManifest(
    { realm, vaultId, vkEpoch, manifestKey: keys.manifestKey },
    {
      vaultId,
      vkEpoch,
      seq: base.mark.seq + 1,
      prev: base.mark.hash,
      root: tree.root(),
      count: tree.count,
      writer: { accountId: deps.session.account.accountId, deviceId: deps.deviceId },
      at: new Date(deps.now()).toISOString(),
      formerKey: vault.place().keys.manifestKey,
    },
  );
}

/**
 * Reads the whole vault back. If the switch was made by an attempt of this device, and everything verifies
 * under the next key, that key takes the place of the old one.
 *
 * @returns `former`: the vault still has the old key; `foreign`: it has a key that is not ours.
 * @throws {RotationIncompleteError} the switch was made, or may have been, and what is there does not verify.
 */
async function confirm(
  deps: RotationDeps,
  rotation: Rotation,
  options: RotateOptions,
): Promise<'taken' | 'former' | 'foreign'> {
  const { vault, place } = rotation;
  try {
    const { changes, known } = await vault.download(options);
    if (changes.vkEpoch < place.vkEpoch) return 'former';
    const own = rotation.record.sent.find(({ mark }) =>
      changes.manifests.some((manifest) => isSame(markOf(manifest), mark)),
    );
    if (own === undefined || changes.vkEpoch > place.vkEpoch) return 'foreign';
    const verified = await verifyChanges(place, undefined, changes, known);
    assertNothingLost(vault.current(), own.mark, verified.replica);
    await adopt(deps, rotation, own);
    await vault.publishRotated(verified, changes);
    await deps.storage.delete(deps.recordKey(vault.id));
    return 'taken';
  } catch (error) {
    if (error instanceof IntegrityError || error instanceof ProtocolError || error instanceof TransportError)
      throw new RotationIncompleteError(UNVERIFIED, { cause: error });
    throw error;
  }
}

/** From here on the session and the storage have the next key. */
async function adopt(deps: RotationDeps, { place, vaultKey, record }: Rotation, own: SentRotation) {
  const { vaultId, vkEpoch } = place;
  const wrap: Wrap = record.wrap;
  const stored = { id: vaultId, integrity: 'manifest', role: 'owner', vkEpoch, wrap } as const;
  await deps.states.adopt(own.accountState, stored);
  deps.session.replaceVaultKey(vaultId, vaultKey);
}

/** What was not changed since must say what it said. */
function assertNothingLost(before: Replica | undefined, own: Mark, after: Replica): void {
  if (before === undefined || before.mark.seq !== own.seq - 1) return;
  for (const entry of before.entries.values()) {
    const now = after.entries.get(entry.id);
    const isChanged = after.mark.seq > own.seq && now?.version !== entry.version;
    if (!isChanged && JSON.stringify(now) !== JSON.stringify(entry))
      throw new IntegrityError('rotation-differs', 'an entry is not what it was before the rotation');
  }
}

function isAmbiguous(error: unknown): error is TransportError {
  return error instanceof TransportError && error.maybeApplied;
}

function isSame(left: Mark, right: Mark): boolean {
  return left.seq === right.seq && equalInConstantTime(left.hash, right.hash);
}
