/** @file The command line: which commands there are, and what becomes of what they throw. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { CliError, exitCodes } from './cli-error.ts';
import type { Bind } from './command-session.ts';
import { addAccount } from './commands/account.ts';
import { addAdd } from './commands/add.ts';
import { addAdmin } from './commands/admin.ts';
import { addApiKey } from './commands/api-key.ts';
import { addDelete } from './commands/delete.ts';
import { addEdit } from './commands/edit.ts';
import { addGet } from './commands/get.ts';
import { addHistory, addRestore } from './commands/history.ts';
import { addImport } from './commands/import.ts';
import { addList } from './commands/list.ts';
import { addLock } from './commands/lock.ts';
import { addLogin } from './commands/login.ts';
import { addLogout } from './commands/logout.ts';
import { addRecovery } from './commands/recovery.ts';
import { addRegister } from './commands/register.ts';
import { addRotateVaultKey } from './commands/rotate-vault-key.ts';
import { addRun } from './commands/run.ts';
import { addSessions } from './commands/sessions.ts';
import { addStatus } from './commands/status.ts';
import { addSync } from './commands/sync.ts';
import { addTwoFactor } from './commands/two-factor.ts';
import { addUnlock } from './commands/unlock.ts';
import { makeContext } from './context.ts';
import { describeError } from './describe-error.ts';
import { write } from './io/output.ts';
import { printableLine } from './io/printable.ts';
import { makePaint, type Terminal } from './io/terminal.ts';

const description = `A password vault whose server cannot read it.

Exit codes: 0 ok, 1 error, 2 usage, 3 not logged in, 4 locked, 5 not found, 6 conflict, 7 network, 8 integrity.`;

/**
 * Runs the program.
 *
 * @param words the arguments after the program's name.
 * @param signal ends requests under way.
 * @returns the exit code. Nothing is on standard output unless it is 0.
 */
export async function runProgram(
  words: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  let printed = '';
  let exitCode: number = exitCodes.ok;
  const bind: Bind = (command, act) => {
    command.action(async () => {
      const options = command.optsWithGlobals<Parameters<typeof act>[1]>();
      const context = makeContext(terminal, options, signal);
      try {
        exitCode = (await act(context, options, command.args)) ?? exitCodes.ok;
      } catch (error) {
        await context.output.discard();
        throw error;
      }
      await context.output.flush();
    });
  };
  const program = declareProgram(bind, (text) => {
    printed += text;
  });
  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (isBrokenPipe(error)) return exitCodes.ok;
    if (error instanceof CommanderError && error.exitCode === 0) {
      await write(terminal.stdout, printed);
      return exitCodes.ok;
    }
    return await report(signal.aborted ? new CliError('interrupted', 'interrupted') : error, words, terminal);
  }
}

function declareProgram(bind: Bind, print: (text: string) => void): Command {
  const program = new Command('zkvault')
    .description(description)
    .version(readVersion(), '--version', 'print the version')
    .option('--base-url <url>', 'the server; remembered after register and login (environment: ZKVAULT_URL)')
    .option('--profile-dir <directory>', 'where state is kept (environment: ZKVAULT_HOME)')
    .option('--json', 'print JSON, also for errors')
    .option('--quiet', 'print results and errors only')
    .option('--no-color', 'print without colour (environment: NO_COLOR)')
    .configureHelp({ showGlobalOptions: true })
    // Errors are printed by `report`, all in one way.
    .configureOutput({ writeOut: print, writeErr: () => {}, outputError: () => {} })
    .exitOverride();
  const adders = [
    addRegister,
    addLogin,
    addUnlock,
    addLock,
    addStatus,
    addList,
    addGet,
    addAdd,
    addEdit,
    addDelete,
    addHistory,
    addRestore,
    addImport,
    addSync,
    addRotateVaultKey,
    addAccount,
    addSessions,
    addTwoFactor,
    addRecovery,
    addApiKey,
    addRun,
    addAdmin,
    addLogout,
  ];
  for (const addCommand of adders) addCommand(program, bind);
  return program;
}

function readVersion(): string {
  // One level up, both from src and from dist.
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

async function report(error: unknown, words: readonly string[], terminal: Terminal): Promise<number> {
  const { exitCode, code, message } = describeError(translate(error));
  // What is after a double dash is another program's.
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
  if (own.includes('--json')) {
    await write(terminal.stderr, `${JSON.stringify({ error: { code, message, exitCode } })}\n`);
    return exitCode;
  }
  const paint = makePaint(terminal.stderr, terminal.env, { color: !own.includes('--no-color') });
  await write(terminal.stderr, `${paint('bad', 'zkvault:')} ${printableLine(message)}\n`);
  return exitCode;
}

function translate(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  if (error.code === 'commander.help') return new CliError('usage', 'which command? See zkvault --help');
  return new CliError('usage', `${withoutValues(error)}; see zkvault --help`);
}

/** What commander says, without the words it quotes: one of them may be a password in the wrong place. */
function withoutValues(error: CommanderError): string {
  if (error.code === 'commander.excessArguments') return 'too many arguments';
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  return message.replace(/^(unknown option '[^=']*)=.*'/, "$1'").replace(/\.$/, '');
}

/** Whoever read our output has enough of it (`zkvault list | head -1`). */
function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}
