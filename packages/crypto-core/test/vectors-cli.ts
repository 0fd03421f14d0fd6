/**
 * @file `pnpm --filter @zkvault/crypto-core vectors FILE`: checks a file of known answers and prints
 * `N passed, 0 failed`. Exits 1 if an answer is wrong, or if the file has none.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { nativeKdf } from '../src/node.ts';
import { checkVectors } from './recorded-vectors.ts';

const [file] = process.argv.slice(2).filter((argument) => argument !== '--');
process.exitCode = file === undefined ? usage() : await run(file);

function usage(): number {
  console.error('usage: vectors FILE');
  return 2;
}

async function run(name: string): Promise<number> {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(locate(name), 'utf8'));
  } catch (error) {
    console.error(`cannot read ${name}: ${String(error)}`);
    return 1;
  }
  const { passed, failures, unknownSections } = await checkVectors(document, nativeKdf);
  for (const failure of failures) console.error(failure);
  for (const section of unknownSections)
    console.error(`note: section ${section} is unknown and was not checked`);
  console.log(`${passed} passed, ${failures.length} failed`);
  return failures.length === 0 ? 0 : 1;
}

/** pnpm changes into the package and keeps the caller's directory in INIT_CWD; plain `node` does not. */
function locate(name: string): string {
  const candidates = [process.env['INIT_CWD'], process.cwd()]
    .filter((directory) => directory !== undefined)
    .map((directory) => resolve(directory, name));
  return candidates.find((candidate) => existsSync(candidate)) ?? name;
}
