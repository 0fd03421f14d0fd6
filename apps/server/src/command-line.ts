/**
 * @file The server's command line, for whoever runs it.
 * Exit codes: 0 all is well, 1 something is not, 2 the command was not understood.
 */
import { parseArgs } from 'node:util';
import { grantAdministrator } from './commands/admin.ts';
import { verifyAuditLog } from './commands/audit-verify.ts';
import { verifyBackup, writeBackup } from './commands/backup.ts';
import type { CommandContext } from './commands/command.ts';
import { examine } from './commands/doctor.ts';
import { generateBackupKey, generateSecrets } from './commands/gen-secret.ts';
import { rewrapSecrets } from './commands/keys-rewrap.ts';
import { showKeyStatus } from './commands/keys-status.ts';
import { wrapKeys } from './commands/keys-wrap.ts';
import { migrateSchema } from './commands/migrate.ts';
import { restoreBackup } from './commands/restore.ts';
import { ConfigError } from './lib/environment.ts';

const HELP = `Usage: zkvault-server COMMAND [OPTIONS]

Reads the same environment as the server.

  gen-secret             print fresh JWT_SECRET and SERVER_KEYS lines
      --backup-key       print a fresh key for backups instead, and nothing else
  migrate                bring the database schema up to date
  admin LOGIN            make an existing account an administrator
  audit verify           check that the audit log is as it was written
      --noted FILE       also compare with the output of an earlier audit verify --json
      --json             print the result, with the heads to be noted, as JSON
  keys status            count the rows that depend on each key of SERVER_KEYS
      --json             print the result as JSON
  keys rewrap            seal under the newest key what can be sealed anew without its owner
  keys wrap              print SERVER_KEYS wrapped by the service of SERVER_KEYS_PROVIDER
      --add              put a fresh key in front
      --remove ID        take a key out
  backup FILE            write an encrypted copy of the whole database to a new file
      --key FILE         the file with the backup key; otherwise BACKUP_KEY
  backup verify FILE     read a backup to its end and count what is in it, without a database
      --key FILE         as above
  restore FILE           load a backup into an empty database
      --key FILE         as above
      --keep-sessions    let logged-in devices go on: only for moving a server that stands still
  doctor                 check whether this configuration is fit for production
      --json             print the result as JSON

  --help                 show this
`;

const OPTIONS = {
  json: { type: 'boolean' },
  noted: { type: 'string' },
  add: { type: 'boolean' },
  remove: { type: 'string' },
  'backup-key': { type: 'boolean' },
  key: { type: 'string' },
  'keep-sessions': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Options = ReturnType<typeof parseArgs<{ readonly options: typeof OPTIONS }>>['values'];

/** Runs one command. @returns the exit code. */
export async function runCommandLine(args: readonly string[], context: CommandContext): Promise<number> {
  const parsed = parse(args);
  if (parsed?.options.help === true) {
    context.out(HELP);
    return 0;
  }
  const command = parsed === undefined ? undefined : commandOf(parsed.words, parsed.options);
  if (command === undefined) {
    context.err(`zkvault-server: this is not a command\n\n${HELP}`);
    return 2;
  }
  try {
    return await command(context);
  } catch (error) {
    context.err(`zkvault-server: ${explain(error)}\n`);
    return 1;
  }
}

function parse(args: readonly string[]): { readonly words: string[]; readonly options: Options } | undefined {
  try {
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
    return { words: positionals, options: values };
  } catch {
    return undefined; // An option it does not know, or one without its value: the help says what there is.
  }
}

type Command = (context: CommandContext) => Promise<number>;

/** A command as it is typed. */
interface Form {
  /** `*` is any one word, and is given to `of`. */
  readonly words: string;
  /** Options it takes. */
  readonly takes: readonly (keyof Options)[];
  readonly of: (options: Options, word: string) => Command;
}

const FORMS: readonly Form[] = [
  {
    words: 'gen-secret',
    takes: ['backup-key'],
    of: (options) => (options['backup-key'] === true ? generateBackupKey : generateSecrets),
  },
  { words: 'migrate', takes: [], of: () => migrateSchema },
  { words: 'admin *', takes: [], of: (_options, login) => (context) => grantAdministrator(context, login) },
  {
    words: 'audit verify',
    takes: ['json', 'noted'],
    of:
      ({ json = false, noted }) =>
      (context) =>
        verifyAuditLog(context, { json, notedFile: noted }),
  },
  {
    words: 'keys status',
    takes: ['json'],
    of:
      ({ json = false }) =>
      (context) =>
        showKeyStatus(context, { json }),
  },
  { words: 'keys rewrap', takes: [], of: () => rewrapSecrets },
  {
    words: 'keys wrap',
    takes: ['add', 'remove'],
    of:
      ({ add = false, remove }) =>
      (context) =>
        wrapKeys(context, { add, remove }),
  },
  {
    words: 'backup verify *',
    takes: ['key'],
    of:
      ({ key }, file) =>
      (context) =>
        verifyBackup(context, { file, keyFile: key }),
  },
  {
    words: 'backup *',
    takes: ['key'],
    of:
      ({ key }, file) =>
      (context) =>
        writeBackup(context, { file, keyFile: key }),
  },
  {
    words: 'restore *',
    takes: ['key', 'keep-sessions'],
    of:
      ({ key, 'keep-sessions': keepSessions = false }, file) =>
      (context) =>
        restoreBackup(context, { file, keyFile: key, keepSessions }),
  },
  {
    words: 'doctor',
    takes: ['json'],
    of:
      ({ json = false }) =>
      (context) =>
        examine(context, { json }),
  },
];

function commandOf(words: readonly string[], options: Options): Command | undefined {
  for (const { words: pattern, takes, of } of FORMS) {
    const form = pattern.split(' ');
    const fits = form.length === words.length && form.every((part, at) => part === '*' || part === words[at]);
    const taken = Object.keys(options).every((name) => takes.some((one) => one === name));
    if (fits) return taken ? of(options, words.at(-1) ?? '') : undefined;
  }
  return undefined;
}

function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return 'unknown error';
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
