/**
 * @file Programs for tests that npm does not have: that of the machine, or the one in Debian's packages, which
 * are unpacked into `node_modules/.cache`, not installed.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = resolve(import.meta.dirname, '../node_modules/.cache/zkvault');

/** A program, and the environment it needs. */
export interface Program {
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Where a program may be. */
export interface Wanted {
  /** What it may be called on this machine, and words with which it ends at once. */
  readonly names: readonly string[];
  readonly probe: readonly string[];
  /** Debian's packages that have it and its libraries. */
  readonly packages: readonly string[];
  /** Its path in them, without a slash in front. */
  readonly path: string;
}

/** Finds a program; undefined if there is none and none can be fetched. */
export async function findProgram({ names, probe, packages, path }: Wanted): Promise<Program | undefined> {
  for (const name of names) {
    const found = await run(name, [...probe]).catch(() => undefined);
    if (found !== undefined) return { path: name, env: process.env };
  }
  const root = join(CACHE, names[0] ?? path);
  if (!existsSync(root) && !(await unpack(packages, root))) return undefined;
  const libraries = join(root, 'usr/lib');
  const folders = existsSync(libraries) ? readdirSync(libraries).map((name) => join(libraries, name)) : [];
  return { path: join(root, path), env: { ...process.env, LD_LIBRARY_PATH: folders.join(':') } };
}

/** @returns false on a machine without apt, or without a way to Debian's archive. */
async function unpack(packages: readonly string[], root: string): Promise<boolean> {
  await mkdir(CACHE, { recursive: true });
  const staging = await mkdtemp(join(CACHE, 'unpacking-'));
  try {
    await run('apt-get', ['download', ...packages], { cwd: staging });
    for (const file of await readdir(staging))
      await run('dpkg-deb', ['--extract', file, 'root'], { cwd: staging });
    await rename(join(staging, 'root'), root);
    return true;
  } catch {
    // The rename fails if another process was faster, which is as good.
    return existsSync(root);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
