/**
 * @file Checks the packages of others: each comes from the registry with a hash, those of production are few and
 * under licences that we may pass on, and none runs anything at its installation that pnpm-workspace.yaml does
 * not name.
 */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type Manifest, readInstalled } from './packages/installed.ts';
import {
  type Lockfile,
  nameAndVersion,
  productionOf,
  readLockfile,
  withoutPeers,
} from './packages/lockfile.ts';
import { type Budget, budgets, isAllowed, licenceOf, originFault, runsAtInstall } from './packages/rules.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
/** What is shipped: everything but the benchmarks and the tests across packages. */
const SHIPPED = ['apps/server', 'apps/cli', 'packages/contract', 'packages/crypto-core', 'packages/sdk'];

const lockfile = readLockfile(readFileSync(`${root}pnpm-lock.yaml`, 'utf8'));
const installed = readInstalled(root);
const { allowBuilds = {} } = parse(readFileSync(`${root}pnpm-workspace.yaml`, 'utf8')) as {
  readonly allowBuilds?: Readonly<Record<string, boolean>>;
};
const counts: string[] = [];
const faults = [
  ...origins(lockfile),
  ...licences(lockfile, installed),
  ...installScripts(installed, allowBuilds),
  ...overBudget(lockfile, budgets),
  ...registries(),
];

// A check that cannot fail is none.
const planted: Lockfile = {
  importers: { 'apps/server': { dependencies: { bad: { version: '1.0.0' } } } },
  packages: { 'bad@1.0.0': { resolution: { tarball: 'http://example.com/bad.tgz' } } },
  snapshots: { 'bad@1.0.0': {} },
};
const bad: Manifest = {
  name: 'bad',
  version: '1.0.0',
  license: 'GPL-3.0',
  scripts: { install: 'sh' },
  hasGypFile: false,
};
const plantedPackages = new Map([['bad@1.0.0', bad]]);
const found = [
  ...origins(planted),
  ...licences(planted, plantedPackages),
  ...installScripts(plantedPackages, {}),
  ...overBudget(planted, { 'apps/server': { named: 0, all: 1 } }),
];
if (found.length !== 4) faults.push('the check itself misses what it looks for');
if (installed.size < 100) faults.push(`only ${installed.size} packages are installed`);

for (const fault of faults) console.error(fault);
console.log(
  `${Object.keys(lockfile.packages).length} packages, ${counts.slice(0, 3).join(', ')}, ${faults.length} faults`,
);
if (faults.length > 0) process.exitCode = 1;

function origins({ packages }: Lockfile): string[] {
  return Object.entries(packages).flatMap(([id, locked]) => {
    const fault = originFault(locked);
    return fault === undefined ? [] : [`${id} ${fault}`];
  });
}

/** True for what is the build for one platform of the package that asks for it, such as `@node-rs/argon2-darwin-arm64`. */
function isBuild({ packages }: Lockfile, id: string): boolean {
  const { os, cpu, libc } = packages[id] ?? {};
  return [os, cpu, libc].some((limit) => limit !== undefined);
}

/** Builds for other platforms are not here to be read. */
function licences(from: Lockfile, manifests: ReadonlyMap<string, Manifest>): string[] {
  const ids = new Set(SHIPPED.flatMap((folder) => [...productionOf(from, folder).all].map(withoutPeers)));
  return [...ids].flatMap((id) => {
    const manifest = manifests.get(id);
    if (manifest === undefined) return isBuild(from, id) ? [] : [`${id} is not installed`];
    const licence = licenceOf(manifest);
    return licence !== undefined && isAllowed(licence) ? [] : [`${id} is under ${licence ?? 'no licence'}`];
  });
}

function installScripts(
  manifests: ReadonlyMap<string, Manifest>,
  allowed: Readonly<Record<string, boolean>>,
): string[] {
  return [...manifests].flatMap(([id, manifest]) => {
    const isListed = allowed[nameAndVersion(id)[0]] === true;
    return runsAtInstall(manifest) && !isListed ? [`${id} would run a script when it is installed`] : [];
  });
}

function overBudget(from: Lockfile, limits: Readonly<Record<string, Budget>>): string[] {
  return Object.entries(limits).flatMap(([folder, limit]) => {
    const production = productionOf(from, folder);
    const count = (keys: ReadonlySet<string>): number =>
      new Set([...keys].map(withoutPeers).filter((id) => !isBuild(from, id))).size;
    const [named, all] = [count(production.named), count(production.all)];
    counts.push(`${folder} ${named} and ${all} (of ${limit.named} and ${limit.all})`);
    return named > limit.named || all > limit.all
      ? [`${folder} names ${named} packages and needs ${all}, of ${limit.named} and ${limit.all}`]
      : [];
  });
}

/** No file of settings may send the names of packages to another registry. */
function registries(): string[] {
  return globSync(['.npmrc', '*/*/.npmrc', '.pnpmrc'], { cwd: root })
    .filter((path) => /registry/i.test(readFileSync(root + path, 'utf8')))
    .map((path) => `${path} names a registry`);
}
