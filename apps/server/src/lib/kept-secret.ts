/** @file Secrets that a development server makes for itself and keeps beside its data. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The secret in a file; made and written, readable by its owner only, if there is none.
 *
 * @param make gives a fresh secret, one line of text.
 */
export function keptSecret(file: string, make: () => string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    // `wx` makes the file or fails: of two starters one writes, both read.
    writeFileSync(file, `${make()}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
