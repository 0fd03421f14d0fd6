/**
 * @file The radix tree over the leaves of a vault (docs/protocol.md section 6).
 * Persistent: a change makes a new tree that shares all but O(log n) nodes, and their hashes, with the old one.
 */
import { concatBytes } from './bytes.ts';
import { uuidToBytes } from './encoding.ts';
import { treePrefixes } from './labels.ts';
import { HASH_BYTES, sha256 } from './primitives/hash.ts';

const BUCKET_SIZE = 16;
const FAN_OUT = 16;
const BUCKET_PREFIX = Uint8Array.of(treePrefixes.bucket);
const BRANCH_PREFIX = Uint8Array.of(treePrefixes.branch);

/** One leaf put into a tree, or taken out of it. */
export interface LeafChange {
  readonly entryId: string;
  /** 32 bytes, or undefined to take the entry's leaf out. */
  readonly leaf: Uint8Array | undefined;
}

/** An immutable set of leaves, at most one per entry, with a root hash that does not depend on the order of writes. */
export interface ManifestTree {
  /** Number of leaves, tombstones included. */
  readonly count: number;
  /** The root hash, 32 bytes, the caller's own. Computed once; hashes only what changed since it was last asked for. */
  root(): Uint8Array;
  /**
   * Makes a tree with some leaves changed; of two changes of one entry the later counts.
   *
   * @throws {ProtocolError} `uuid-invalid`.
   * @throws {RangeError} a leaf is not 32 bytes.
   */
  with(changes: readonly LeafChange[]): ManifestTree;
}

/** A hash function of 32 bytes. */
export type Hash = (bytes: Uint8Array) => Uint8Array;

interface Leaf {
  readonly path: Uint8Array;
  readonly hash: Uint8Array;
}

interface Change {
  readonly path: Uint8Array;
  readonly hash: Uint8Array | undefined;
}

/** A bucket of at most 16 leaves in path order, or a branch of 16 nodes; `hash` is filled when first asked for. */
interface Node {
  readonly count: number;
  readonly leaves: readonly Leaf[];
  readonly children: readonly Node[] | undefined;
  hash: Uint8Array | undefined;
}

const EMPTY: Node = { count: 0, leaves: [], children: undefined, hash: new Uint8Array(HASH_BYTES) };

/** Makes an empty tree over a hash function; the package's own is SHA-256. */
export function makeManifestTree(hash: Hash): ManifestTree {
  return treeOf(EMPTY, hash);
}

/** The tree of an empty vault. */
export const emptyManifestTree: ManifestTree = /* @__PURE__ */ makeManifestTree(sha256);

function treeOf(node: Node, hash: Hash): ManifestTree {
  return {
    count: node.count,
    root: () => hashNode(node, hash).slice(),
    with: (changes) => treeOf(changeNode(node, 0, inPathOrder(changes, hash)), hash),
  };
}

function inPathOrder(changes: readonly LeafChange[], hash: Hash): readonly Change[] {
  const latest = new Map<string, Uint8Array | undefined>();
  for (const { entryId, leaf } of changes) {
    if (leaf !== undefined && leaf.length !== HASH_BYTES)
      throw new RangeError(`a leaf must be ${HASH_BYTES} bytes, got ${leaf.length}`);
    latest.set(entryId, leaf);
  }
  return Array.from(latest, ([entryId, leaf]) => ({
    path: hash(uuidToBytes(entryId)),
    hash: leaf?.slice(),
  })).toSorted((one, other) => comparePaths(one.path, other.path));
}

function changeNode(node: Node, depth: number, changes: readonly Change[]): Node {
  if (changes.length === 0) return node;
  if (node.children === undefined) return nodeOf(mergeLeaves(node.leaves, changes), depth);
  const parts = partition(changes, depth);
  const children = node.children.map((child, nibble) => changeNode(child, depth + 1, parts[nibble]!));
  const count = children.reduce((sum, child) => sum + child.count, 0);
  // A branch has more leaves than a bucket holds, so what has few enough has buckets below it only.
  if (count <= BUCKET_SIZE)
    return nodeOf(
      children.flatMap((child) => child.leaves),
      depth,
    );
  return { count, leaves: [], children, hash: undefined };
}

function nodeOf(leaves: readonly Leaf[], depth: number): Node {
  if (leaves.length === 0) return EMPTY;
  if (leaves.length <= BUCKET_SIZE)
    return { count: leaves.length, leaves, children: undefined, hash: undefined };
  const children = partition(leaves, depth).map((part) => nodeOf(part, depth + 1));
  return { count: leaves.length, leaves: [], children, hash: undefined };
}

/** Merges two lists in path order; a change wins over the leaf it replaces. */
function mergeLeaves(leaves: readonly Leaf[], changes: readonly Change[]): readonly Leaf[] {
  const merged: Leaf[] = [];
  let next = 0;
  for (const { path, hash } of changes) {
    while (next < leaves.length && comparePaths(leaves[next]!.path, path) < 0) {
      merged.push(leaves[next]!);
      next += 1;
    }
    if (next < leaves.length && comparePaths(leaves[next]!.path, path) === 0) next += 1;
    if (hash !== undefined) merged.push({ path, hash });
  }
  return merged.concat(leaves.slice(next));
}

/** Splits a list in path order by the nibble at `depth`. */
function partition<Item extends { readonly path: Uint8Array }>(
  items: readonly Item[],
  depth: number,
): readonly (readonly Item[])[] {
  const parts: Item[][] = Array.from({ length: FAN_OUT }, () => []);
  for (const item of items) parts[nibbleAt(item.path, depth)]!.push(item);
  return parts;
}

function nibbleAt(path: Uint8Array, depth: number): number {
  const byte = path[depth >> 1]!;
  return depth % 2 === 0 ? byte >> 4 : byte & 15;
}

function comparePaths(one: Uint8Array, other: Uint8Array): number {
  for (let index = 0; index < HASH_BYTES; index += 1) {
    const difference = one[index]! - other[index]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

function hashNode(node: Node, hash: Hash): Uint8Array {
  node.hash ??=
    node.children === undefined
      ? hash(concatBytes(BUCKET_PREFIX, ...node.leaves.map((leaf) => leaf.hash)))
      : hash(concatBytes(BRANCH_PREFIX, ...node.children.map((child) => hashNode(child, hash))));
  return node.hash;
}
