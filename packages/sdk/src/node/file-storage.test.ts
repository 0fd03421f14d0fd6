import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileNameOf, fileStorage } from './file-storage.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'zkv-storage-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('file storage', () => {
  it('gives back what was set, also to another storage on the same directory', async () => {
    const directory = join(root, 'deep', 'vault');
    await fileStorage(directory).set('zkv1.device', bytes('one'));
    await fileStorage(directory).set('zkv1.device', bytes('two'));

    expect(await fileStorage(directory).get('zkv1.device')).toEqual(bytes('two'));
    expect(await readdir(directory)).toHaveLength(1);
  });

  it('gives undefined for what was never set, and makes no directory for a question', async () => {
    const storage = fileStorage(join(root, 'none'));

    expect(await storage.get('absent')).toBeUndefined();
    await storage.delete('absent');
    expect(await readdir(root)).toEqual([]);
  });

  it('forgets what was deleted', async () => {
    const storage = fileStorage(root);
    await storage.set('a', bytes('x'));

    await storage.delete('a');

    expect(await storage.get('a')).toBeUndefined();
    expect(await readdir(root)).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('lets nobody else read: directory 0700, files 0600', async () => {
    const directory = join(root, 'vault');
    const former = process.umask(0);
    try {
      await fileStorage(directory).set('a', bytes('x'));
    } finally {
      process.umask(former);
    }

    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(directory, fileNameOf('a')))).mode & 0o777).toBe(0o600);
  });

  it.skipIf(process.platform === 'win32')('refuses a directory that others may write to', async () => {
    const directory = join(root, 'open');
    await mkdir(directory);
    await chmod(directory, 0o777);

    await expect(fileStorage(directory).set('a', bytes('x'))).rejects.toMatchObject({ code: 'EACCES' });
    expect(await readdir(directory)).toEqual([]);
  });

  it('keeps keys apart that a file system might take for one, and inside the directory', async () => {
    const storage = fileStorage(join(root, 'vault'));
    const keys = [
      'a',
      'A',
      'a.',
      'é',
      'e\u0301',
      '../escape',
      '/etc/x',
      'con',
      '',
      'x'.repeat(500),
      'x'.repeat(501),
    ];

    for (const key of keys) await storage.set(key, bytes(key));

    for (const key of keys) expect(await storage.get(key)).toEqual(bytes(key));
    const names = await readdir(join(root, 'vault'));
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(keys.length);
    expect(await readdir(root)).toEqual(['vault']);
  });

  it('leaves the old value if the new one cannot be written, and no temporary file', async () => {
    const storage = fileStorage(root);
    await storage.set('a', bytes('old'));
    // A directory in the place of the file makes the rename fail.
    await mkdir(join(root, fileNameOf('b')));

    await expect(storage.set('b', bytes('new'))).rejects.toMatchObject({ code: expect.stringMatching(/^E/) });

    expect(await storage.get('a')).toEqual(bytes('old'));
    expect((await readdir(root)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('clears away what a process that died left behind, but not what another is writing', async () => {
    await writeFile(join(root, '.dead.tmp'), 'x');
    await utimes(join(root, '.dead.tmp'), new Date(0), new Date(0));
    await writeFile(join(root, '.alive.tmp'), 'x');

    await fileStorage(root).set('a', bytes('x'));

    expect((await readdir(root)).toSorted()).toEqual(['.alive.tmp', fileNameOf('a')]);
  });

  it('never shows a part of a value while several processes write it', async () => {
    const script = join(root, 'writer.mjs');
    const module = new URL('./file-storage.ts', import.meta.url).href;
    await writeFile(
      script,
      `import { fileStorage } from '${module}';
       const storage = fileStorage(process.argv[2]);
       const letter = process.argv[3].charCodeAt(0);
       for (let round = 0; round < 60; round += 1) await storage.set('shared', new Uint8Array(100_000).fill(letter));`,
    );
    const directory = join(root, 'vault');
    const writers = ['a', 'b', 'c'].map((letter) => fork(script, [directory, letter]));
    const running = new Set(writers);
    for (const writer of writers) writer.once('exit', () => running.delete(writer));
    const done = Promise.all(writers.map((writer) => once(writer, 'exit')));
    const seen: number[] = [];
    while (running.size > 0) {
      const value = await fileStorage(directory).get('shared');
      if (value !== undefined) {
        expect(value).toHaveLength(100_000);
        expect(new Set(value).size).toBe(1);
        seen.push(value.length);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }

    expect((await done).map(([code]) => code as number)).toEqual([0, 0, 0]);
    expect(seen.length).toBeGreaterThan(10);
    expect(await readFile(join(directory, fileNameOf('shared')))).toHaveLength(100_000);
  });
});
