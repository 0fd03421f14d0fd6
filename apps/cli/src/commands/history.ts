/** @file `zkvault history` and `zkvault restore`: earlier versions of an entry. */
import type { Entry } from '@zkvault/sdk';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Bind } from '../command-session.ts';
import { type Context, openVault, type UnlockOptions } from '../context.ts';
import { detailsOf, maskedJsonOf, summaryOf } from '../entry-view.ts';
import { findEntry } from '../find-entry.ts';
import { printableLine } from '../io/printable.ts';
import { layOutTable } from '../io/table.ts';
import { addPasswordOption } from './session-options.ts';

interface HistoryOptions extends UnlockOptions {
  readonly reveal?: boolean;
}

/** Declares `history`. */
export function addHistory(program: Command, bind: Bind): void {
  const command = program
    .command('history')
    .summary('earlier versions of an entry')
    .description(
      'Lists the versions of an entry that the server keeps, newest first, with what each of them changed. On a pipe: number, time, title and changed fields, divided by tabs. With --json the whole versions, secrets only with --reveal.',
    )
    .argument('<entry>', 'id, at least 8 characters of one, or title')
    .option('--reveal', 'with --json: show secrets');
  bind<HistoryOptions>(addPasswordOption(command), history);
}

/** Declares `restore`. */
export function addRestore(program: Command, bind: Bind): void {
  const command = program
    .command('restore')
    .summary('bring back an earlier version of an entry')
    .description('Saves what an earlier version said as the newest one. Nothing of the history is lost.')
    .argument('<entry>', 'id, at least 8 characters of one, or title')
    .argument('<version>', 'its number; see zkvault history');
  bind<UnlockOptions>(addPasswordOption(command), restore);
}

async function history(context: Context, options: HistoryOptions, words: readonly string[]): Promise<void> {
  const client = await openVault(context, options);
  const { signal } = context;
  const entry = findEntry(await client.entries.list({ signal }), words[0] ?? '');
  const versions = await client.entries.history(entry.id, { signal });
  const rows = versions.map((version, index) =>
    [
      String(version.version),
      version.updatedAt,
      version.title,
      changedFields(version, versions[index + 1]).join(', '),
    ].map(printableLine),
  );
  context.output.result({
    json: versions.map(options.reveal === true ? (version) => version : maskedJsonOf),
    text: context.output.isTerminal ? forPeople(context, rows) : rows.map((row) => row.join('\t')).join('\n'),
  });
}

/** What every version has of its own. */
const silentFields: ReadonlySet<string> = new Set(['id', 'type', 'createdAt', 'updatedAt']);

/** Names of what a version changed; all it says, for the oldest one there is. */
function changedFields(version: Entry, former: Entry | undefined): readonly string[] {
  const now = textsOf(version);
  const before = former === undefined ? new Map<string, string>() : textsOf(former);
  const names = new Set([...now.keys(), ...before.keys()]);
  return [...names].filter((name) => !silentFields.has(name) && now.get(name) !== before.get(name));
}

function textsOf(entry: Entry): ReadonlyMap<string, string> {
  return new Map(detailsOf(entry).map(({ name, text }) => [name, text]));
}

function forPeople(context: Context, rows: readonly (readonly string[])[]): string {
  const columns = [
    { heading: 'VERSION' },
    { heading: 'SAVED' },
    { heading: 'TITLE', flexible: true },
    { heading: 'CHANGED', flexible: true },
  ];
  const { heading, lines } = layOutTable(columns, rows, context.output.width);
  return [context.output.paint('heading', heading), ...lines].join('\n');
}

async function restore(context: Context, options: UnlockOptions, words: readonly string[]): Promise<void> {
  const [wanted = '', number = ''] = words;
  if (!/^[1-9]\d{0,9}$/.test(number))
    throw new CliError('usage', 'the version is a number; see zkvault history');
  const client = await openVault(context, options);
  const { signal } = context;
  const entry = findEntry(await client.entries.list({ signal }), wanted);
  const restored = await client.entries.restore(entry.id, Number(number), {
    signal,
    baseVersion: entry.version,
  });
  const title = printableLine(restored.title);
  context.output.result({
    json: { ...summaryOf(restored), version: restored.version },
    text: context.output.isTerminal
      ? `${title} is as in version ${number} again; this is version ${restored.version}.`
      : `${restored.id}\t${restored.version}`,
  });
}
