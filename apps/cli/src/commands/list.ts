/** @file `zkvault list`: the entries, without anything secret. */
import type { Entry } from '@zkvault/sdk';
import type { Command } from 'commander';
import { type Bind, collect } from '../command-session.ts';
import type { Context, UnlockOptions } from '../context.ts';
import { kindOf, subtitleOf, summaryOf } from '../entry-view.ts';
import { SHORT_ID_LENGTH } from '../find-entry.ts';
import { printableLine } from '../io/printable.ts';
import { layOutTable } from '../io/table.ts';
import { openEntries } from '../open-entries.ts';
import { addPasswordOption } from './session-options.ts';

interface ListOptions extends UnlockOptions {
  readonly search?: string;
  readonly type?: string;
  readonly tag?: readonly string[];
  readonly favorites?: boolean;
}

const STAR = '★';

/** Declares the command. */
export function addList(program: Command, bind: Bind): void {
  const command = program
    .command('list')
    .summary('list the entries')
    .description(
      'Lists the entries, never a password. On a pipe: id, kind, title, user name and tags, divided by tabs.',
    )
    .option('--search <text>', 'only entries with this text in title, user name, URL or tags')
    .option('--type <kind>', 'only this kind')
    .option('--tag <tag>', 'only entries with this tag; may be repeated', collect)
    .option('--favorites', 'only favourites');
  bind<ListOptions>(addPasswordOption(command), list);
}

async function list(context: Context, options: ListOptions): Promise<void> {
  const client = await openEntries(context, options);
  const entries = await client.entries.list({ signal: context.signal });
  const wanted = entries.filter((entry) => isWanted(entry, options));
  const { isTerminal } = context.output;
  context.output.result({
    json: wanted.map(summaryOf),
    text: isTerminal ? forPeople(context, wanted) : wanted.map(forPrograms).join('\n'),
  });
  if (isTerminal) context.output.note(countRemark(wanted.length, entries.length));
}

function isWanted(entry: Entry, { search, type, tag = [], favorites }: ListOptions): boolean {
  if (type !== undefined && kindOf(entry) !== type) return false;
  if (favorites === true && !entry.favorite) return false;
  if (!tag.every((wanted) => entry.tags.includes(wanted))) return false;
  if (search === undefined) return true;
  const urls = 'urls' in entry ? entry.urls : [];
  const texts = [entry.title, subtitleOf(entry), ...urls, ...entry.tags];
  return texts.some((text) => text.toLowerCase().includes(search.toLowerCase()));
}

function forPrograms(entry: Entry): string {
  return [entry.id, kindOf(entry), entry.title, subtitleOf(entry), entry.tags.join(',')]
    .map(printableLine)
    .join('\t');
}

function forPeople(context: Context, entries: readonly Entry[]): string {
  if (entries.length === 0) return '';
  const { paint, width } = context.output;
  const rows = entries.map((entry) =>
    [
      `${entry.favorite ? STAR : ' '} ${entry.title}`,
      kindOf(entry),
      subtitleOf(entry),
      entry.tags.join(', '),
      entry.id.slice(0, SHORT_ID_LENGTH),
    ].map(printableLine),
  );
  const columns = [
    { heading: '  TITLE', flexible: true },
    { heading: 'KIND' },
    { heading: 'WHO OR WHERE', flexible: true },
    { heading: 'TAGS', flexible: true },
    { heading: 'ID' },
  ];
  const { heading, lines } = layOutTable(columns, rows, width);
  const painted = lines.map((line) => {
    const star = line.startsWith(STAR) ? paint('star', STAR) : ' ';
    const id = paint('faint', line.slice(-SHORT_ID_LENGTH));
    return star + line.slice(STAR.length, -SHORT_ID_LENGTH) + id;
  });
  return [paint('heading', heading), ...painted].join('\n');
}

function countRemark(shown: number, all: number): string {
  if (all === 0) return 'No entries yet. Next: zkvault add, or zkvault import.';
  const noun = all === 1 ? 'entry' : 'entries';
  return shown === all ? `${all} ${noun}` : `${shown} of ${all} ${noun}`;
}
