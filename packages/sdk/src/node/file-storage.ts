/**
 * @file Keeps what a client remembers in files of one directory. For Node only; the `./node` door is the
 * only way to it. What is kept is as secret as the session in it: nobody but the owner may read it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Storage } from '../storage.ts';
import { withFileLock } from './file-lock.ts';

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;
const OTHERS_MAY_WRITE = 0o022;

/** Names longer than this become a hash: most file systems take 255 bytes. */
const MAX_NAME_LENGTH = 200;

/** A temporary file older than this was left by a process that died. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

/**
 * Makes a storage of one file per key.
 *
 * A write is a new file that is flushed and then renamed over the old one, so a reader (also one in another
 * process) sees the old value or the new one and never a part, and a crash loses at most the write under way.
 *
 * @param directory made with mode 0700 if it is not there. One that others may write to is refused, because
 *   they could put their own files in place of ours. On Windows the directory's own permissions apply.
 * @throws {Error} from every method: what the file system says; the code is in `code`.
 */
export function fileStorage(directory: string): Storage {
  let swept: Promise<void> | undefined;
  const pathOf = (key: string): string => join(directory, fileNameOf(key));
  return {
    async get(key) {
      try {
        const bytes = await readFile(pathOf(key));
        // No copy: a caller that wipes a secret wipes all there is of it.
        return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      } catch (error) {
        if (isErrno(error, 'ENOENT')) return undefined;
        throw error;
      }
    },
    async set(key, value) {
      await prepareDirectory(directory);
      swept ??= removeAbandoned(directory);
      await swept;
      await replaceFile(directory, pathOf(key), value);
    },
    async delete(key) {
      await rm(pathOf(key), { force: true });
      await flushDirectory(directory);
    },
    async exclusively(key, work) {
      await prepareDirectory(directory);
      return withFileLock(join(directory, `l-${fileNameOf(key)}`), work);
    },
  };
}

/**
 * The file that keeps a key: readable where it can be, and never two keys for one file, also where the file
 * system takes upper and lower case for one (so capitals are escaped) or forbids a name like `con`
 * (so every name has a prefix).
 */
export function fileNameOf(key: string): string {
  const bytes = new TextEncoder().encode(key);
  let name = 'k-';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    name += /[a-z0-9._-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }
  if (name.length <= MAX_NAME_LENGTH) return name;
  return `h-${createHash('sha256').update(bytes).digest('hex')}`;
}

async function prepareDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
  const { mode, uid } = await stat(directory);
  const ownUid = process.getuid?.();
  if (ownUid === undefined) return;
  if ((mode & OTHERS_MAY_WRITE) !== 0 || uid !== ownUid)
    throw Object.assign(
      new Error(`storage directory must belong to this user and be writable by nobody else: ${directory}`),
      { code: 'EACCES' },
    );
}

async function replaceFile(directory: string, path: string, value: Uint8Array): Promise<void> {
  const temporary = join(directory, `.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, 'wx', FILE_MODE);
    try {
      await file.writeFile(value);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flushDirectory(directory);
}

/** Makes a rename survive a power cut. Windows cannot open a directory, and needs no such thing. */
async function flushDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  try {
    const handle = await open(directory, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

async function removeAbandoned(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => name.startsWith('.') && name.endsWith('.tmp'));
  for (const name of names) {
    const path = join(directory, name);
    try {
      const { mtimeMs } = await lstat(path);
      if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true });
    } catch (error) {
      // Another process was faster.
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
