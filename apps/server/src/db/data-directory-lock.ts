/**
 * @file One process per embedded database. A file names the process that has it open; the file of a
 * process that is gone (`kill -9`, power loss) does not count.
 */
import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeUuid7 } from '../lib/uuid.ts';

/** The embedded database is open elsewhere. */
export class DataDirectoryInUseError extends Error {
  override readonly name = 'DataDirectoryInUseError';

  constructor(directory: string, processId: number) {
    super(
      `the data directory ${directory} is in use by process ${processId}; stop that server first, or set ZKVAULT_DATA_DIR to another directory`,
    );
  }
}

/** Who holds a directory. The start time tells a process from a later one with the same number. */
interface Holder {
  readonly processId: number;
  /** Clock ticks since boot at which the process started; null where the system does not tell. */
  readonly startTicks: string | null;
}

const LOCK_FILE = 'server.lock';
const heldHere = new Set<string>();

/**
 * Takes the directory for this process.
 *
 * @param directory absolute; must exist and be on a disk of this machine.
 * @throws {DataDirectoryInUseError} a living process (or this one) has it.
 */
export function lockDataDirectory(directory: string): { release(): void } {
  if (heldHere.has(directory)) throw new DataDirectoryInUseError(directory, process.pid);
  const file = join(directory, LOCK_FILE);
  const own: Holder = { processId: process.pid, startTicks: startTicksOf(process.pid) };
  const text = JSON.stringify(own);
  const candidate = `${file}.${makeUuid7()}`;
  writeFileSync(candidate, text, { mode: 0o600 });
  try {
    while (!linkIfAbsent(candidate, file)) removeIfStale(directory, file);
  } finally {
    unlinkSync(candidate);
  }
  heldHere.add(directory);
  return {
    release() {
      if (!heldHere.delete(directory)) return;
      if (readIfThere(file) === text) rmSync(file, { force: true });
    },
  };
}

/** Hard links are made or refused as one step, so of two starters one gets the name. */
function linkIfAbsent(candidate: string, file: string): boolean {
  try {
    linkSync(candidate, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function removeIfStale(directory: string, file: string): void {
  const text = readIfThere(file);
  if (text === undefined) return;
  const holder = parseHolder(text);
  if (holder !== undefined && isAlive(holder)) throw new DataDirectoryInUseError(directory, holder.processId);
  const aside = `${file}.${makeUuid7()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // Another starter may have removed the stale file first, and then this is its fresh one.
  if (readIfThere(aside) !== text) linkIfAbsent(aside, file);
  rmSync(aside, { force: true });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { processId, startTicks } = JSON.parse(text) as Partial<Holder>;
    return typeof processId === 'number' ? { processId, startTicks: startTicks ?? null } : undefined;
  } catch {
    return undefined; // Cut off by a crash while it was written: nobody holds it.
  }
}

function isAlive({ processId, startTicks }: Holder): boolean {
  // Containers give every start the same number: a file with ours is of a run before this one.
  if (processId === process.pid) return false;
  try {
    process.kill(processId, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const ticks = startTicksOf(processId);
  return startTicks === null || ticks === null || ticks === startTicks;
}

/** Field 22 of Linux's /proc/PID/stat; the name before it is in parentheses and may hold spaces. */
function startTicksOf(processId: number): string | null {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null; // No /proc on this system, or no such process: the caller has asked kill(2) already.
  }
}
