/** @file One process at a time, by a file that only one of them can make. For work of milliseconds. */
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A lock older than this was left by a process that died: the work under it takes milliseconds. */
const ABANDONED_AFTER_MS = 10_000;
/** Longer than it takes a lock to count as abandoned, so a dead process stops nobody for good. */
const GIVE_UP_AFTER_MS = 15_000;
const RETRY_MS = 10;

/**
 * Runs work while no other process, and nobody else in this one, has the file.
 *
 * @param path of the lock file; its directory must be there.
 * @throws {Error} with `code` `EBUSY`: others had it for 15 seconds; nothing was run.
 */
export async function withFileLock<Value>(path: string, work: () => Promise<Value>): Promise<Value> {
  const mark = await acquire(path);
  try {
    return await work();
  } finally {
    // Not ours any more if this process slept so long that another took it for dead.
    if ((await readIfThere(path)) === mark) await rm(path, { force: true });
  }
}

async function acquire(path: string): Promise<string> {
  const mark = randomUUID();
  for (const start = Date.now(); Date.now() - start < GIVE_UP_AFTER_MS; ) {
    if (await made(writeFile(path, mark, { flag: 'wx', mode: 0o600 }))) return mark;
    await removeAbandoned(path);
    await sleep(RETRY_MS * (0.5 + Math.random()));
  }
  throw Object.assign(new Error(`the storage is in use by another process: ${path}`), { code: 'EBUSY' });
}

async function removeAbandoned(path: string): Promise<void> {
  if (!(await isAbandoned(path))) return;
  const aside = `${path}.${randomUUID()}`;
  if (!(await moved(rename(path, aside)))) return;
  // Another process may have removed the old one first, and then this is its fresh one: give it back.
  if (!(await isAbandoned(aside))) await made(link(aside, path));
  await rm(aside, { force: true });
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > ABANDONED_AFTER_MS;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** False if the name is taken. */
function made(attempt: Promise<void>): Promise<boolean> {
  return unlessErrno(attempt, 'EEXIST');
}

/** False if it is gone. */
function moved(attempt: Promise<void>): Promise<boolean> {
  return unlessErrno(attempt, 'ENOENT');
}

async function unlessErrno(attempt: Promise<void>, code: string): Promise<boolean> {
  try {
    await attempt;
    return true;
  } catch (error) {
    if (isErrno(error, code)) return false;
    throw error;
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
