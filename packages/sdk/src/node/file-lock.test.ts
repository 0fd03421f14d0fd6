import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withFileLock } from './file-lock.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'zkv-lock-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('a file lock', () => {
  it('lets no count of several processes get lost', async () => {
    const script = join(root, 'counter.mjs');
    const module = new URL('./file-lock.ts', import.meta.url).href;
    await writeFile(
      script,
      `import { readFile, writeFile } from 'node:fs/promises';
       import { withFileLock } from '${module}';
       const [, , lock, file] = process.argv;
       for (let round = 0; round < 25; round += 1)
         await withFileLock(lock, async () => writeFile(file, String(Number(await readFile(file, 'utf8')) + 1)));`,
    );
    const [lock, file] = [join(root, 'lock'), join(root, 'count')];
    await writeFile(file, '0');

    const processes = [1, 2, 3].map(() => fork(script, [lock, file]));
    const codes = await Promise.all(processes.map((process) => once(process, 'exit')));

    expect(codes.map(([code]) => code as number)).toEqual([0, 0, 0]);
    expect(await readFile(file, 'utf8')).toBe('75');
    expect(await readdir(root)).not.toContain('lock');
  });

  it('runs work of one process in turns, too', async () => {
    const path = join(root, 'lock');
    let running = 0;

    const most = await Promise.all(
      Array.from({ length: 8 }, () =>
        withFileLock(path, async () => {
          running += 1;
          const seen = running;
          await new Promise((resolve) => setTimeout(resolve, 2));
          running -= 1;
          return seen;
        }),
      ),
    );

    expect(most).toEqual(Array.from({ length: 8 }, () => 1));
  });

  it('is given free when the work fails', async () => {
    const path = join(root, 'lock');

    await expect(withFileLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');

    expect(await withFileLock(path, async () => 'yes')).toBe('yes');
  });

  it('is taken over from a process that died with it', async () => {
    const path = join(root, 'lock');
    await writeFile(path, 'left behind');
    await utimes(path, new Date(0), new Date(0));

    expect(await withFileLock(path, async () => readdir(root))).toEqual(['lock']);
    expect(await readdir(root)).toEqual([]);
  });
});
