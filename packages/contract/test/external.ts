/// <reference types="node" />
/** @file Test data of other projects, which is not part of this repository. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DEFAULT_DIRECTORY = fileURLToPath(new URL('../../../../shared/vectors/external', import.meta.url));

/** Where the data lies: `VECTORS_DIR`, or `shared/vectors/external` beside the repository. */
const vectorsDirectory: string = process.env['VECTORS_DIR'] ?? DEFAULT_DIRECTORY;

/**
 * The path of a folder of external data, or undefined where it is absent; then it says so,
 * because a suite that runs nothing must not look like one that passed.
 */
export function externalFolder(name: string): string | undefined {
  const path = `${vectorsDirectory}/${name}`;
  if (existsSync(path)) return path;
  process.stderr.write(`no ${name} vectors in ${vectorsDirectory}: set VECTORS_DIR to run their tests\n`);
  return undefined;
}

/** A JSON file of external data. */
export function readExternalJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
