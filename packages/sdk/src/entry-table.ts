/**
 * @file The entries of a vault by id, as an immutable value. A radix tree over the digits of the ids: a change
 * copies what lies on the way to it, so that one write costs the same in a vault of any size.
 */
import type { Entry } from './entry-kinds.ts';

/** More entries than this are parted by the next digit of their ids. */
const BUCKET_SIZE = 32;
const FAN_OUT = 16;
const DIGITS_OF_ID = 32;

/** An immutable set of entries, at most one per id. */
export interface EntryTable {
  readonly size: number;
  get(id: string): Entry | undefined;
  has(id: string): boolean;
  /** In no order. */
  keys(): Generator<string>;
  /** In no order. */
  values(): Generator<Entry>;
  /** Makes a table with some entries put or, where there is none in a change, taken out; of two changes of one id the later counts. */
  with(changes: ReadonlyMap<string, Entry | undefined>): EntryTable;
}

type Bucket = ReadonlyMap<string, Entry>;
type Branch = { readonly size: number; readonly children: readonly Node[] };
type Node = Bucket | Branch;
type Change = readonly [id: string, entry: Entry | undefined];

/** The table of an empty vault. */
export const emptyEntryTable: EntryTable = /* @__PURE__ */ tableOf(new Map());

function tableOf(root: Node): EntryTable {
  const get = (id: string): Entry | undefined => {
    let node = root;
    for (let depth = 0; 'children' in node; depth += 1) node = node.children[digitAt(id, depth)]!;
    return node.get(id);
  };
  return {
    size: root.size,
    get,
    has: (id) => get(id) !== undefined,
    *keys() {
      for (const bucket of bucketsOf(root)) yield* bucket.keys();
    },
    *values() {
      for (const bucket of bucketsOf(root)) yield* bucket.values();
    },
    with: (changes) => tableOf(changeNode(root, 0, [...changes])),
  };
}

function* bucketsOf(node: Node): Generator<Bucket> {
  if ('children' in node) for (const child of node.children) yield* bucketsOf(child);
  else yield node;
}

function changeNode(node: Node, depth: number, changes: readonly Change[]): Node {
  if (changes.length === 0) return node;
  if ('children' in node) {
    const parts = partition(changes, depth);
    return branchOf(node.children.map((child, digit) => changeNode(child, depth + 1, parts[digit]!)));
  }
  const entries = new Map(node);
  for (const [id, entry] of changes) {
    if (entry === undefined) entries.delete(id);
    else entries.set(id, entry);
  }
  return nodeOf(entries, depth);
}

function nodeOf(entries: Bucket, depth: number): Node {
  if (entries.size <= BUCKET_SIZE || depth === DIGITS_OF_ID) return entries;
  return branchOf(partition([...entries], depth).map((part) => nodeOf(new Map(part), depth + 1)));
}

function branchOf(children: readonly Node[]): Branch {
  return { size: children.reduce((sum, child) => sum + child.size, 0), children };
}

/** Parts by the digit at `depth`. */
function partition<Item extends Change>(items: readonly Item[], depth: number): readonly (readonly Item[])[] {
  const parts: Item[][] = Array.from({ length: FAN_OUT }, () => []);
  for (const item of items) parts[digitAt(item[0], depth)]!.push(item);
  return parts;
}

/** The value of a hexadecimal digit of a UUID, dashes passed over. Any other text has digits here, too. */
function digitAt(id: string, depth: number): number {
  const dashes = depth < 8 ? 0 : Math.min(4, (depth >> 2) - 1);
  const code = id.charCodeAt(depth + dashes);
  return (code < 97 ? code : code - 87) & 15;
}
