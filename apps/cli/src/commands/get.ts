/** @file `zkvault get`: one entry, or one field of it. */
import type { Entry } from '@zkvault/sdk';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Bind } from '../command-session.ts';
import type { Context, UnlockOptions } from '../context.ts';
import { type Detail, detailsOf, maskedJsonOf } from '../entry-view.ts';
import { findEntry } from '../find-entry.ts';
import { displayWidth } from '../io/display-width.ts';
import { printableLine, printableText } from '../io/printable.ts';
import { openEntries } from '../open-entries.ts';
import { addPasswordOption } from './session-options.ts';

interface GetOptions extends UnlockOptions {
  readonly field?: string;
  readonly reveal?: boolean;
}

const MASK = '••••••••';

/** Declares the command. */
export function addGet(program: Command, bind: Bind): void {
  const command = program
    .command('get')
    .summary('show one entry, or one field of it')
    .description('Shows one entry. Secrets are masked unless --reveal is given, or --field names one.')
    .argument('<entry>', 'id, at least 8 characters of one, or title')
    .option(
      '--field <name>',
      'print this field alone: password, username, urls, totp, notes, … or a custom one',
    )
    .option('--reveal', 'show secrets');
  bind<GetOptions>(addPasswordOption(command), get);
}

async function get(context: Context, options: GetOptions, words: readonly string[]): Promise<void> {
  const client = await openEntries(context, options);
  const entry = findEntry(await client.entries.list({ signal: context.signal }), words[0] ?? '');
  if (options.field !== undefined) printField(context, entry, options.field);
  else printEntry(context, entry, options.reveal === true);
}

function printField(context: Context, entry: Entry, name: string): void {
  const details = detailsOf(entry);
  const detail =
    details.find((candidate) => candidate.name === name) ??
    details.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  if (detail === undefined)
    throw new CliError('not-found', `the entry has nothing in a field ${JSON.stringify(name)}`, {
      code: 'field-not-found',
    });
  context.output.result({
    json: { id: entry.id, field: detail.name, value: detail.text },
    // On a pipe the value goes out as it is: it is for a program, and changing a password would be wrong.
    text: context.output.isTerminal ? printableText(detail.text) : detail.text,
  });
}

function printEntry(context: Context, entry: Entry, reveal: boolean): void {
  const details = detailsOf(entry);
  context.output.result({
    json: reveal ? entry : maskedJsonOf(entry),
    text: context.output.isTerminal
      ? forPeople(context, details, reveal)
      : details
          .map(({ name, text, isSecret }) =>
            [name, isSecret && !reveal ? MASK : text].map(printableLine).join('\t'),
          )
          .join('\n'),
  });
  const hasMasked = !reveal && details.some(({ isSecret }) => isSecret);
  if (hasMasked && context.output.isTerminal) context.output.note('Secrets are masked; --reveal shows them.');
}

function forPeople(context: Context, details: readonly Detail[], reveal: boolean): string {
  const { paint } = context.output;
  const labels = details.map(({ label }) => printableLine(label));
  const width = Math.max(...labels.map(displayWidth));
  return details
    .map(({ text, isSecret }, index) => {
      const label = labels[index] ?? '';
      const padded = `${label}${' '.repeat(width - displayWidth(label))}`;
      const shown = isSecret && !reveal ? paint('faint', MASK) : printableText(text);
      return `${paint('label', padded)}  ${shown.replaceAll('\n', `\n${' '.repeat(width + 2)}`)}`;
    })
    .join('\n');
}
