/**
 * @file Keeps the program's compiled code between runs: half of a short command's time went into compiling
 * what the last one had compiled already.
 */
import { lstatSync, mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import envPaths from 'env-paths';

const OTHERS_MAY_WRITE = 0o022;

/**
 * Keeps it in the user's own cache directory. Node's default is in the directory for temporary files, where
 * others could put code of theirs; a directory that others may write to is left alone for the same reason.
 */
export function keepCompiledCode(): void {
  const directory = join(envPaths('zkvault', { suffix: '' }).cache, 'compiled');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (isOurs(directory)) enableCompileCache(directory);
  } catch {
    // A home that cannot be written to costs time and nothing else.
  }
}

function isOurs(directory: string): boolean {
  if (process.getuid === undefined) return true;
  const { uid, mode } = lstatSync(directory);
  return uid === process.getuid() && (mode & OTHERS_MAY_WRITE) === 0;
}
