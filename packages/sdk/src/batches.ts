/** @file Parts many entries into requests that the server takes. */
import { COMMIT_LIMITS } from '@zkvault/contract';
import { type EncodedEntry, encodeEntry } from './entry-document.ts';
import type { Entry } from './entry-kinds.ts';

/** What one request may weigh, beside a manifest and the JSON around it. */
const BUDGET_BYTES = COMMIT_LIMITS.maxBytes - 65_536;

/** An entry and what it weighs. */
export interface Measured extends EncodedEntry {
  /** An upper bound of what its operation weighs in the body of a commit. */
  readonly wireBytes: number;
}

/**
 * Reads an entry as its reader will, and weighs it: padding adds at most a quarter or 256 bytes, base64url a
 * third, and the rest of an operation 512.
 *
 * @throws {RangeError} an entry that could not be read back; see {@link encodeEntry}.
 */
export function measure(draft: Entry): Measured {
  const { plaintext, entry } = encodeEntry(draft);
  return { entry, plaintext, wireBytes: Math.ceil(((plaintext.length * 1.25 + 512) * 4) / 3) + 512 };
}

/** Parts entries into batches that one request may carry, at most 1,000 each. */
export function* batchesOf(measured: readonly Measured[]): Generator<readonly Measured[], void> {
  let batch: Measured[] = [];
  let bytes = 0;
  for (const item of measured) {
    if (batch.length === COMMIT_LIMITS.maxOperations || bytes + item.wireBytes > BUDGET_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += item.wireBytes;
  }
  if (batch.length > 0) yield batch;
}
