/** @file Checks that what is shipped says nothing that `source/bans.ts` forbids, comments aside. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Ban, bans } from './source/bans.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const files = globSync('{apps,packages}/*/src/**/*.ts', { cwd: root })
  .filter((path) => !path.endsWith('.test.ts') && !path.startsWith('apps/bench/'))
  .toSorted();
const faults = files.flatMap((path) => {
  const text = readFileSync(root + path, 'utf8');
  return bans
    .filter((ban) => isUnder(ban, path) && isBroken(ban, text))
    .map(({ name }) => `${path}: ${name}`);
});

// A check that cannot fail is none.
for (const ban of bans)
  if (!isBroken(ban, ban.planted)) faults.push(`${ban.name} does not find what it looks for`);
for (const { name, except } of bans)
  for (const path of Object.keys(except))
    if (!files.some((file) => file.startsWith(path))) faults.push(`${name}: ${path} is not there`);
if (files.length < 300) faults.push(`only ${files.length} files were found`);

for (const fault of faults) console.error(fault);
console.log(`${files.length} files, ${bans.length} rules, ${faults.length} faults`);
if (faults.length > 0) process.exitCode = 1;

function isUnder({ below, except }: Ban, path: string): boolean {
  return path.startsWith(below) && !Object.keys(except).some((exempt) => path.startsWith(exempt));
}

function isBroken({ pattern }: Ban, text: string): boolean {
  return text.split('\n').some((line) => !/^\s*(?:\/?\*|\/\/)/.test(line) && pattern.test(line));
}
