/** @file What a package may be: from where, under which licence, with which scripts, and how many of them. */
import type { Manifest } from './installed.ts';
import type { LockedPackage } from './lockfile.ts';

/** Licences that let anybody run, change and pass on what we ship, and ask for no more than their text. */
const LICENCES: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'PostgreSQL',
]);

/** How many packages of others may come with one of ours in production. */
export interface Budget {
  /** What our own package.json files name. */
  readonly named: number;
  /** With what those need in turn. */
  readonly all: number;
}

/** By folder. A package's builds for single platforms count as the package. */
export const budgets: Readonly<Record<string, Budget>> = {
  'apps/server': { named: 20, all: 150 },
  'packages/crypto-core': { named: 6, all: 8 },
  'packages/sdk': { named: 8, all: 10 },
};

/** The licence as one word; undefined where there is none, or one of the old forms. */
export function licenceOf({ license }: Manifest): string | undefined {
  return typeof license === 'string' ? license : undefined;
}

/** True if a licence, or one of several to choose from, is on the list; all of those joined by AND have to be. */
export function isAllowed(licence: string): boolean {
  return licence
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((one) => LICENCES.has(one.trim())));
}

/** What is wrong with where a package comes from: the registry alone, with a hash of what was taken. */
export function originFault({ resolution }: LockedPackage): string | undefined {
  if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(resolution.integrity ?? ''))
    return 'has no SHA-512 in the lockfile';
  if (resolution.type !== undefined) return `comes from ${resolution.type}`;
  if (resolution.tarball !== undefined && !resolution.tarball.startsWith('https://registry.npmjs.org/'))
    return `comes from ${resolution.tarball}`;
  return undefined;
}

/** True if installing it would run something of its own. */
export function runsAtInstall({ scripts = {}, hasGypFile }: Manifest): boolean {
  return hasGypFile || ['preinstall', 'install', 'postinstall'].some((name) => Object.hasOwn(scripts, name));
}
