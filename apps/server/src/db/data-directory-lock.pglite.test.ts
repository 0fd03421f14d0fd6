import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { DataDirectoryInUseError, lockDataDirectory } from './data-directory-lock.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'zkvault-lock-'));
  return () => rmSync(directory, { recursive: true, force: true });
});

const LOCK_MODULE = new URL('./data-directory-lock.ts', import.meta.url).href;

/** Another process that takes the directory and waits. */
async function otherHolder(): Promise<{ kill(): Promise<void> }> {
  const program = `import { lockDataDirectory } from ${JSON.stringify(LOCK_MODULE)};
    lockDataDirectory(${JSON.stringify(directory)}); console.log('held'); setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe('the data directory', () => {
  it('belongs to one process, and to the next one when that was killed', async () => {
    const other = await otherHolder();

    expect(() => lockDataDirectory(directory)).toThrow(DataDirectoryInUseError);
    await other.kill();

    const lock = lockDataDirectory(directory);
    lock.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('belongs to one server of a process', () => {
    const lock = lockDataDirectory(directory);

    expect(() => lockDataDirectory(directory)).toThrow(/is in use by process \d+; stop that server first/);

    lock.release();
    lock.release();
    lockDataDirectory(directory).release();
  });

  it.for([
    ['of a process that is gone', JSON.stringify({ processId: 2 ** 22 + 1, startTicks: '1' })],
    [
      'of an earlier process with the number of a living one',
      JSON.stringify({ processId: 1, startTicks: '-1' }),
    ],
    ['of an earlier process with our number', JSON.stringify({ processId: process.pid, startTicks: null })],
    ['that was cut off', '{"process'],
    ['that is empty', ''],
  ] as const)('is free under a lock %s', ([, text]) => {
    writeFileSync(join(directory, 'server.lock'), text);

    const lock = lockDataDirectory(directory);

    expect(existsSync(join(directory, 'server.lock'))).toBe(true);
    lock.release();
  });
});
