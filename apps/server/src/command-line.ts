/**
 * @file The server's command line, for whoever runs it.
 * Exit codes: 0 all is well, 1 something is not, 2 the command was not understood.
 */
import { parseArgs } from 'node:util';
import { grantAdministrator } from './commands/admin.ts';
import { verifyAuditLog } from './commands/audit-verify.ts';
import type { CommandContext } from './commands/command.ts';
import { examine } from './commands/doctor.ts';
import { generateSecrets } from './commands/gen-secret.ts';
import { migrateSchema } from './commands/migrate.ts';
import { ConfigError } from './lib/environment.ts';

const HELP = `Usage: zkvault-server COMMAND [OPTIONS]

Reads the same environment as the server.

  gen-secret             print fresh JWT_SECRET and SERVER_KEYS lines
  migrate                bring the database schema up to date
  admin LOGIN            make an existing account an administrator
  audit verify           check that the audit log is as it was written
      --noted FILE       also compare with the output of an earlier audit verify --json
      --json             print the result, with the heads to be noted, as JSON
  doctor                 check whether this configuration is fit for production
      --json             print the result as JSON

  --help                 show this
`;

interface Options {
  readonly json?: boolean | undefined;
  readonly noted?: string | undefined;
  readonly help?: boolean | undefined;
}

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
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        noted: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return { words: positionals, options: values };
  } catch {
    return undefined; // An option it does not know, or one without its value: the help says what there is.
  }
}

type Command = (context: CommandContext) => Promise<number>;

function commandOf(words: readonly string[], { json = false, noted }: Options): Command | undefined {
  const [first, second, ...more] = words;
  if (more.length > 0) return undefined;
  if (first === 'audit' && second === 'verify')
    return (context) => verifyAuditLog(context, { json, notedFile: noted });
  if (noted !== undefined) return undefined;
  if (first === 'doctor' && second === undefined) return (context) => examine(context, { json });
  if (json) return undefined;
  if (first === 'admin' && second !== undefined) return (context) => grantAdministrator(context, second);
  if (second !== undefined) return undefined;
  if (first === 'gen-secret') return generateSecrets;
  return first === 'migrate' ? migrateSchema : undefined;
}

function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return 'unknown error';
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
