/** @file `zkvault sync`: fetches what changed and verifies it, once or for as long as it is let. */
import type { SyncReport } from '@zkvault/sdk';
import type { Command } from 'commander';
import type { Bind } from '../command-session.ts';
import { type Context, openVault, type UnlockOptions } from '../context.ts';
import { openEntries } from '../open-entries.ts';
import { addPasswordOption } from './session-options.ts';

/** Declares the command. */
export function addSync(program: Command, bind: Bind): void {
  const command = program
    .command('sync')
    .summary('fetch and verify what changed')
    .option('--watch', 'go on: sync again whenever the server tells of a change, until Ctrl-C')
    .description(
      'Fetches what changed on the server, and verifies that it is what was saved. With --watch one result is printed for each change, at once; the exit code says how it ended.',
    );
  bind<SyncOptions>(addPasswordOption(command), sync);
}

interface SyncOptions extends UnlockOptions {
  readonly watch?: boolean;
}

async function sync(context: Context, options: SyncOptions): Promise<void> {
  const { signal } = context;
  if (options.watch !== true) {
    const entries = await openEntries(context, options);
    return show(context, await entries.sync({ signal }));
  }
  // The stream of changes is for sessions.
  const client = await openVault(context, options);
  try {
    await client.watch({
      signal,
      async onChange(report) {
        show(context, report);
        await context.output.flush();
      },
    });
  } catch (error) {
    // Ctrl-C is the way to end it.
    if (!signal.aborted) throw error;
  }
}

function show({ output }: Context, report: SyncReport): void {
  const { added, changed, deleted, seq, freshness } = report;
  output.result({
    json: report,
    text: output.isTerminal
      ? `${added} added, ${changed} changed, ${deleted} deleted. Verified up to commit ${seq}${freshnessRemark(freshness)}.`
      : [added, changed, deleted, seq, freshness].join('\t'),
  });
}

function freshnessRemark(freshness: 'unanchored' | 'pinned'): string {
  return freshness === 'pinned' ? '' : ', for the first time on this device';
}
