/**
 * @file On a machine with other users the time of a start is mostly waiting for them. `ZKVAULT_FAULTS_REALTIME=1` (as
 * root, with chrt of util-linux) lets servers and databases of the suite go first.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from 'vitest';
import { startTemporaryPostgres, type TemporaryPostgres } from '../../../../test/temporary-postgres.ts';
import { isRealtime } from './figures.ts';

/** The server as it is delivered. */
const SERVER = resolve(import.meta.dirname, '../../../server/dist/bundle/main.js');

/** What a failed test has left running is ended with its file. */
const started: TemporaryPostgres[] = [];
afterAll(async () => {
  for (const postgres of started) await postgres.kill();
});

/** What runs a server. */
export function serverCommand(): readonly [string, ...string[]] {
  const command = [process.execPath, SERVER] as const;
  return isRealtime ? ['chrt', '-r', '1', ...command] : command;
}

/** A PostgreSQL as a fresh installation has it: every commit is on the disk before it is acknowledged. */
export async function startPostgres(parent?: string): Promise<TemporaryPostgres> {
  const postgres = await startTemporaryPostgres({}, parent);
  started.push(postgres);
  await goFirst(postgres);
  return {
    ...postgres,
    async start() {
      await Promise.all([postgres.start(), goFirst(postgres)]);
    },
  };
}

/** As soon as it has written down its process id; before, the file has that of the killed one, or is not there. */
async function goFirst({ directory }: TemporaryPostgres): Promise<void> {
  if (!isRealtime) return;
  for (let turn = 0; turn < 200; turn += 1) {
    try {
      const [processId = ''] = readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n');
      execFileSync('chrt', ['-r', '-p', '1', processId], { stdio: 'ignore' });
      return;
    } catch {
      await sleep(20);
    }
  }
}
