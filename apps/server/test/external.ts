/** @file Test data of other projects, which is not part of this repository. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DEFAULT_DIRECTORY = fileURLToPath(new URL('../../../../shared/vectors/external', import.meta.url));

/** Where the data lies: `VECTORS_DIR`, or `shared/vectors/external` beside the repository. */
const vectorsDirectory: string = process.env['VECTORS_DIR'] ?? DEFAULT_DIRECTORY;

/**
 * The text of a file of external data, or undefined where it is absent; then it says so, because a suite
 * that runs nothing must not look like one that passed.
 */
export function readExternalText(name: string): string | undefined {
  const path = `${vectorsDirectory}/${name}`;
  if (existsSync(path)) return readFileSync(path, 'utf8');
  process.stderr.write(`no ${name} in ${vectorsDirectory}: set VECTORS_DIR to run its tests\n`);
  return undefined;
}

/** The files of a folder of external data, by name, as bytes; none where it is absent, and then it says so. */
export function readExternalFolder(name: string): ReadonlyMap<string, Buffer> {
  const path = `${vectorsDirectory}/${name}`;
  if (existsSync(path))
    return new Map(
      readdirSync(path)
        .toSorted()
        .map((file) => [file, readFileSync(`${path}/${file}`)]),
    );
  process.stderr.write(`no ${name} in ${vectorsDirectory}: set VECTORS_DIR to run its tests\n`);
  return new Map();
}
