/** @file What pnpm-lock.yaml says: which packages there are, from where, and who needs whom. */
import { parse } from 'yaml';

/** pnpm-lock.yaml, version 9, as far as it is read here. */
export interface Lockfile {
  /** By the folder of a workspace package. */
  readonly importers: Readonly<Record<string, Importer>>;
  /** By `name@version`. */
  readonly packages: Readonly<Record<string, LockedPackage>>;
  /** By `name@version(peers)`. */
  readonly snapshots: Readonly<Record<string, Snapshot>>;
}

interface Importer {
  readonly dependencies?: Readonly<Record<string, { readonly version: string }>>;
  readonly optionalDependencies?: Readonly<Record<string, { readonly version: string }>>;
}

/** Where a package comes from, and on which machines it is installed. */
export interface LockedPackage {
  readonly resolution: { readonly integrity?: string; readonly tarball?: string; readonly type?: string };
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

interface Snapshot {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Reads the text of a lockfile. */
export function readLockfile(text: string): Lockfile {
  return parse(text) as Lockfile;
}

/** The `name@version` of a snapshot, without the peers it was resolved with. */
export function withoutPeers(snapshot: string): string {
  return snapshot.split('(', 1)[0] ?? '';
}

/** Name and version of `name@version`. */
export function nameAndVersion(id: string): readonly [name: string, version: string] {
  const at = id.lastIndexOf('@');
  return [id.slice(0, at), id.slice(at + 1)];
}

/** What comes with a workspace package in production, as keys of snapshots. */
export interface Production {
  /** What it names, and what the workspace packages name that it links to. */
  readonly named: ReadonlySet<string>;
  /** With what those need in turn, optional packages of every platform among them. */
  readonly all: ReadonlySet<string>;
}

/**
 * What is installed with a workspace package in production.
 *
 * @param folder such as `apps/server`.
 */
export function productionOf(lockfile: Lockfile, folder: string): Production {
  const named = new Set<string>();
  const all = new Set<string>();
  const folders = new Set<string>();
  const visitFolder = (at: string): void => {
    if (folders.has(at)) return;
    folders.add(at);
    const { dependencies, optionalDependencies } = lockfile.importers[at] ?? {};
    for (const [name, { version }] of Object.entries({ ...dependencies, ...optionalDependencies }))
      if (version.startsWith('link:')) visitFolder(joined(at, version.slice('link:'.length)));
      else named.add(keyOf(lockfile, name, version));
  };
  const visit = (key: string): void => {
    if (all.has(key)) return;
    all.add(key);
    const { dependencies, optionalDependencies } = lockfile.snapshots[key] ?? {};
    for (const [name, version] of Object.entries({ ...dependencies, ...optionalDependencies }))
      visit(keyOf(lockfile, name, version));
  };
  visitFolder(folder);
  for (const key of named) visit(key);
  return { named, all };
}

/** An alias has another package's whole key in the place of its version. */
function keyOf({ snapshots }: Lockfile, name: string, version: string): string {
  const key = `${name}@${version}`;
  return snapshots[key] === undefined && snapshots[version] !== undefined ? version : key;
}

function joined(folder: string, relative: string): string {
  return new URL(relative, `file:///${folder}/`).pathname.slice(1);
}
