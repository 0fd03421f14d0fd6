/** @file `zkvault import`: brings an export of another password manager into the vault. */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  IMPORT_MAX_BYTES,
  ImportError,
  type ImportFormat,
  type ImportReport,
  importEntries,
  importFormats,
  type ParsedImport,
  parseImport,
} from '@zkvault/sdk';
import { type Command, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Bind } from '../command-session.ts';
import type { Context, UnlockOptions } from '../context.ts';
import { makeProgress } from '../io/progress.ts';
import { layOutTable } from '../io/table.ts';
import { openEntries } from '../open-entries.ts';
import { addPasswordOption } from './session-options.ts';

interface ImportCommandOptions extends UnlockOptions {
  readonly format: ImportFormat;
  readonly dryRun?: boolean;
  readonly keepDuplicates?: boolean;
}

/** Declares the command. */
export function addImport(program: Command, bind: Bind): void {
  const command = program
    .command('import')
    .summary('bring in an export of another password manager')
    .description(
      'Reads an export of Bitwarden or Chrome on this machine and saves its entries, sealed. Rows that cannot be taken are listed by number and reason. Entries that are there already are left out, so an import that broke off can be run again.',
    )
    .argument('<file>', 'the export, at most 50 MiB')
    .addOption(
      new Option('--format <format>', 'what the file is').choices(importFormats).makeOptionMandatory(),
    )
    .option('--dry-run', 'only say what would happen')
    .option('--keep-duplicates', 'also save what is there already');
  bind<ImportCommandOptions>(addPasswordOption(command), run);
}

async function run(context: Context, options: ImportCommandOptions, words: readonly string[]): Promise<void> {
  const parsed = parseImport(options.format, await readExport(context, words[0] ?? ''));
  const client = await openEntries(context, options);
  const progress = makeProgress(context.terminal, context.output, 'entries saved');
  let report: ImportReport;
  try {
    report = await importEntries(client, parsed, {
      dryRun: options.dryRun === true,
      keepDuplicates: options.keepDuplicates === true,
      signal: context.signal,
      onProgress: ({ saved, total }) => progress.show(saved, total),
    });
  } catch (error) {
    const { saved } = progress.end();
    if (saved > 0)
      context.output.note(`${saved} entries are saved. Run the same command again for the rest.`);
    throw error;
  }
  progress.end();
  printReport(context, { parsed, report, isDryRun: options.dryRun === true });
}

async function readExport(context: Context, file: string): Promise<string> {
  const path = resolve(context.terminal.workingDirectory, file);
  try {
    const { size } = await stat(path);
    if (size > IMPORT_MAX_BYTES) throw new ImportError('file-too-large');
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    if (error instanceof ImportError) throw error;
    if (error instanceof TypeError)
      throw new CliError('error', 'the file is not UTF-8 text; save it as UTF-8 and try again', {
        cause: error,
      });
    throw new CliError('error', `the file cannot be read: ${file}`, {
      code: 'file-unreadable',
      cause: error,
    });
  }
}

function printReport(
  context: Context,
  {
    parsed,
    report,
    isDryRun,
  }: {
    readonly parsed: ParsedImport;
    readonly report: ImportReport;
    readonly isDryRun: boolean;
  },
): void {
  const { rejected, remarks } = parsed;
  const { saved, total, duplicates } = report;
  context.output.result({
    json: { dryRun: isDryRun, saved, toSave: total, duplicates, rejected, remarks },
    text: context.output.isTerminal
      ? forPeople(context, { parsed, report, isDryRun })
      : [
          `${isDryRun ? 'to save' : 'saved'}\t${total}`,
          `duplicates\t${duplicates}`,
          `rejected\t${rejected.length}`,
          ...rejected.map(({ row, code, reason }) => `row ${row}\t${code}\t${reason}`),
          ...remarks.map(({ code, count, text }) => `remark\t${code}\t${count}\t${text}`),
        ].join('\n'),
  });
}

function forPeople(
  context: Context,
  {
    parsed,
    report,
    isDryRun,
  }: {
    readonly parsed: ParsedImport;
    readonly report: ImportReport;
    readonly isDryRun: boolean;
  },
): string {
  const { paint, width } = context.output;
  const count = report.total === 1 ? '1 entry' : `${report.total} entries`;
  const lines = [paint('good', isDryRun ? `${count} would be saved.` : `${count} saved.`)];
  if (report.duplicates > 0) lines.push(`${report.duplicates} left out, because they are there already.`);
  for (const { count: times, text } of parsed.remarks) lines.push(paint('faint', `${times} ×  ${text}`));
  if (parsed.rejected.length > 0) {
    const rows = parsed.rejected.map(({ row, reason }) => [String(row), reason]);
    const table = layOutTable(
      [{ heading: 'ROW' }, { heading: 'WHY IT WAS LEFT OUT', flexible: true }],
      rows,
      width,
    );
    const number = parsed.rejected.length === 1 ? '1 row was' : `${parsed.rejected.length} rows were`;
    lines.push('', paint('bad', `${number} rejected:`), paint('heading', table.heading), ...table.lines);
  }
  return lines.join('\n');
}
