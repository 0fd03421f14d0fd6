/**
 * @file The sealed copy of a vault in storage, so that a client can list without a network: the
 * server's envelopes as they came, in a base and the changes since. A write costs what changed.
 * What is read from here is as untrusted as an answer.
 */
import { Changes, DecodeError, type Deletion, decode, type Entry, type Sealed } from '@zkvault/contract';
import { ProtocolError } from '@zkvault/crypto-core';
import type { DownloadedChanges } from './changes-download.ts';
import { asObject, decodeDocument, encodeDocument, text } from './sealed-json.ts';
import type { Storage } from './storage.ts';

/**
 * After so many parts, or when the changes outgrow the base and are more than is read in a moment, the last of them
 * become one again, together with each part before them that is not far larger: so a byte is written again as often
 * as its vault has doubled, and a write to a large vault does not pay for its size.
 */
const MAX_PARTS = 64;
const MOMENT_BYTES = 8_388_608;
const FAR_LARGER = 2;

/** One step of a vault's history. */
export interface CachePart {
  readonly head: Sealed;
  readonly revision: number;
  readonly entries: readonly Entry[];
  readonly deleted: readonly Deletion[];
}

/** The cache of one vault. */
export interface VaultCache {
  /** All parts, oldest first; none if there is no usable cache. */
  read(): Promise<readonly CachePart[]>;
  /** Goes on after the first `count` parts; what was written after them is overwritten. */
  keep(count: number): void;
  /** Begins anew with a whole vault. */
  replace(part: CachePart): Promise<void>;
  /** Adds what changed; joins the parts when there are too many. */
  append(part: CachePart): Promise<void>;
  /** Forgets all. */
  clear(): Promise<void>;
}

/**
 * Makes the cache of one vault. One process should write it at a time; if two do, the parts do not
 * verify any more, and the next sync replaces them.
 */
export function makeVaultCache(storage: Storage, keyOf: (index: number) => string): VaultCache {
  let generation: string | undefined;
  let sizes: number[] = [];

  async function read(): Promise<readonly CachePart[]> {
    generation = undefined;
    sizes = [];
    return readFrom(0, Number.POSITIVE_INFINITY);
  }

  /** Reads the parts from one on, up to the first that is none of this generation. */
  async function readFrom(first: number, end: number): Promise<readonly CachePart[]> {
    const parts: CachePart[] = [];
    for (let index = first; index < end; index += 1) {
      const bytes = await storage.get(keyOf(index));
      const stored = bytes === undefined ? undefined : decodePart(bytes);
      if (bytes === undefined || stored === undefined) break;
      generation ??= stored.generation;
      if (stored.generation !== generation) break;
      sizes[index] = bytes.length;
      parts.push(stored.part);
    }
    return parts;
  }

  /** Which part is the first to be joined with those after it. */
  function firstToJoin(): number {
    let first = sizes.length - 1;
    for (let joined = sizes[first]!; first > 0 && sizes[first - 1]! <= FAR_LARGER * joined; first -= 1)
      joined += sizes[first - 1]!;
    return first;
  }

  async function write(index: number, part: CachePart): Promise<void> {
    const bytes = encodeDocument({ generation, ...part });
    await storage.set(keyOf(index), bytes);
    sizes[index] = bytes.length;
  }

  async function removeFrom(first: number): Promise<void> {
    for (let index = first; (await storage.get(keyOf(index))) !== undefined; index += 1)
      await storage.delete(keyOf(index));
  }

  async function replace(part: CachePart): Promise<void> {
    // Parts of another generation are not read, so a crash between the two lines does no harm.
    generation = crypto.randomUUID();
    sizes = [];
    await write(0, part);
    await removeFrom(1);
  }

  return {
    read,
    keep(count) {
      sizes = sizes.slice(0, count);
    },
    replace,
    async append(part) {
      if (generation === undefined) return;
      const index = sizes.length;
      await write(index, part);
      const [base = 0, ...deltas] = sizes;
      const deltaBytes = deltas.reduce((sum, size) => sum + size, 0);
      if (sizes.length <= MAX_PARTS && deltaBytes <= Math.max(base, MOMENT_BYTES)) return;
      const first = firstToJoin();
      if (first === index) return;
      const parts = await readFrom(first, index + 1);
      if (parts.length !== index + 1 - first) return;
      if (first === 0) return replace(joinParts(parts));
      // What a crash leaves after the joined part says again what is in it, in the same order.
      await write(first, joinParts(parts));
      sizes = sizes.slice(0, first + 1);
      await removeFrom(first + 1);
    },
    async clear() {
      generation = undefined;
      sizes = [];
      await removeFrom(0);
    },
  };
}

/** Joins parts to one with the state of the last. */
export function joinParts(parts: readonly CachePart[]): CachePart {
  const { head, revision } = parts.at(-1)!;
  const entries = new Map<string, Entry>();
  const deleted = new Map<string, number>();
  for (const part of parts) {
    for (const { id, version } of part.deleted) {
      entries.delete(id);
      deleted.set(id, version);
    }
    for (const entry of part.entries) entries.set(entry.id, entry);
  }
  return {
    head,
    revision,
    entries: [...entries.values()],
    deleted: [...deleted].map(([id, version]) => ({ id, version })),
  };
}

/** The part that a download or a commit adds. */
export function partOf(changes: DownloadedChanges): CachePart {
  return {
    head: changes.head,
    revision: changes.revision,
    entries: [...changes.entries.values()],
    deleted: [...changes.deleted].map(([id, version]) => ({ id, version })),
  };
}

/** A part as if it had been downloaded for a key of that epoch; the manifests on the way are not kept. */
export function changesOfPart(part: CachePart, vkEpoch: number): DownloadedChanges {
  return {
    vkEpoch,
    head: part.head,
    revision: part.revision,
    manifests: [],
    entries: new Map(part.entries.map((entry) => [entry.id, entry])),
    deleted: new Map(part.deleted.map(({ id, version }) => [id, version])),
  };
}

/** A part that is none any more is as good as absent: the server has it. */
function decodePart(
  bytes: Uint8Array,
): { readonly generation: string; readonly part: CachePart } | undefined {
  try {
    return decodeDocument(bytes, 'cache', (value) => {
      const { generation, head, ...rest } = asObject(value, 'cache');
      const page = { ...rest, seq: 0, vkEpoch: 1, manifest: head, manifests: [], nextSince: null };
      const { manifest, revision, entries, deleted } = decode(Changes, page);
      if (manifest === null) throw new DecodeError('/head');
      return { generation: text(generation), part: { head: manifest, revision, entries, deleted } };
    });
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
