/** @file `zkvault delete`: deletes an entry, for good and on every device. */
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Bind } from '../command-session.ts';
import type { Context, UnlockOptions } from '../context.ts';
import { findEntry } from '../find-entry.ts';
import { printableLine } from '../io/printable.ts';
import { openEntries } from '../open-entries.ts';
import { addPasswordOption } from './session-options.ts';

interface DeleteOptions extends UnlockOptions {
  readonly yes?: boolean;
}

/** Declares the command. */
export function addDelete(program: Command, bind: Bind): void {
  const command = program
    .command('delete')
    .summary('delete an entry, for good')
    .description('Deletes an entry with its earlier versions, on every device. There is no way back.')
    .argument('<entry>', 'id, at least 8 characters of one, or title')
    .option('--yes', 'do not ask; needed where there is no terminal');
  bind<DeleteOptions>(addPasswordOption(command), remove);
}

async function remove(context: Context, options: DeleteOptions, words: readonly string[]): Promise<void> {
  if (options.yes !== true && !context.questions.canAsk)
    throw new CliError('usage', 'deleting cannot be undone: give --yes to mean it');
  const client = await openEntries(context, options);
  const entry = findEntry(await client.entries.list({ signal: context.signal }), words[0] ?? '');
  const title = printableLine(entry.title);
  if (options.yes !== true && !(await context.questions.askYes(`Delete ${title} for good?`)))
    throw new CliError('interrupted', 'nothing was deleted');
  await client.entries.delete(entry.id, { signal: context.signal, baseVersion: entry.version });
  context.output.result({
    json: { id: entry.id, deleted: true },
    text: context.output.isTerminal ? `Deleted ${title}.` : entry.id,
  });
}
