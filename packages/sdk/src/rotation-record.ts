/**
 * @file What a device remembers of a rotation under way, so that one whose answer was lost can still be
 * finished: the next vault key, wrapped, and the attempts that were sent. Nothing of it is trusted: the key is
 * sealed for its place, and an attempt counts only if the verified history has it.
 */
import { decode, Sealed, Wrap } from '@zkvault/contract';
import { encodeBase64Url, ProtocolError } from '@zkvault/crypto-core';
import type { Mark } from './account-state.ts';
import { arrayOf, counter, decodeDocument, encodeDocument, exactly, hash, ordinal } from './sealed-json.ts';
import type { Storage } from './storage.ts';

/** One attempt that was sent: the manifest it would make the head, and the account state with it. */
export interface SentRotation {
  readonly mark: Mark;
  readonly accountState: Sealed;
}

/** A rotation that has begun. */
export interface RotationRecord {
  /** The epoch that it leads to. */
  readonly vkEpoch: number;
  /** The next vault key under the account's key. */
  readonly wrap: Wrap;
  readonly sent: readonly SentRotation[];
}

/** Reads the record, or undefined if there is none that can be read. */
export async function readRotationRecord(storage: Storage, key: string): Promise<RotationRecord | undefined> {
  const bytes = await storage.get(key);
  if (bytes === undefined) return undefined;
  try {
    return decodeDocument(bytes, 'rotation', readRecord);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Writes the record. */
export async function writeRotationRecord(
  storage: Storage,
  key: string,
  record: RotationRecord,
): Promise<void> {
  const sent = record.sent.map(({ mark, accountState }) => ({
    seq: mark.seq,
    hash: encodeBase64Url(mark.hash),
    accountState,
  }));
  await storage.set(key, encodeDocument({ ...record, sent }));
}

const readSent = exactly('attempt', {
  seq: counter,
  hash,
  accountState: (value): Sealed => decode(Sealed, value),
});

const readRecord = exactly('rotation', {
  vkEpoch: ordinal,
  wrap: (value): Wrap => decode(Wrap, value),
  sent: arrayOf('attempts', (value): SentRotation => {
    const { seq, hash: bytes, accountState } = readSent(value);
    return { mark: { seq, hash: bytes }, accountState };
  }),
});
