/** @file `zkvault sync`: fetches what changed and verifies it. */
import type { Command } from 'commander';
import type { Bind } from '../command-session.ts';
import { type Context, openVault, type UnlockOptions } from '../context.ts';
import { addPasswordOption } from './session-options.ts';

/** Declares the command. */
export function addSync(program: Command, bind: Bind): void {
  const command = program
    .command('sync')
    .summary('fetch and verify what changed')
    .description('Fetches what changed on the server, and verifies that it is what was saved.');
  bind<UnlockOptions>(addPasswordOption(command), sync);
}

async function sync(context: Context, options: UnlockOptions): Promise<void> {
  const client = await openVault(context, options);
  const report = await client.sync({ signal: context.signal });
  const { added, changed, deleted, seq, freshness } = report;
  context.output.result({
    json: report,
    text: context.output.isTerminal
      ? `${added} added, ${changed} changed, ${deleted} deleted. Verified up to commit ${seq}${freshnessRemark(freshness)}.`
      : [added, changed, deleted, seq, freshness].join('\t'),
  });
}

function freshnessRemark(freshness: 'unanchored' | 'pinned'): string {
  return freshness === 'pinned' ? '' : ', for the first time on this device';
}
