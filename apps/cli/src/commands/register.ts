/** @file `zkvault register`: makes an account and shows its Emergency Kit, once. */
import { open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Registered } from '@zkvault/sdk';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Bind } from '../command-session.ts';
import type { Context } from '../context.ts';
import { readNewPassword } from '../io/new-password.ts';
import { write } from '../io/output.ts';
import { addPasswordOption } from './session-options.ts';

interface RegisterOptions {
  readonly login?: string;
  readonly email?: string;
  readonly fullName?: string;
  /** False with `--no-secret-key`. */
  readonly secretKey: boolean;
  readonly passwordStdin?: boolean;
  readonly invitationStdin?: boolean;
  readonly emergencyKit?: string;
  readonly recoveryKey?: boolean;
}

/** Declares the command. */
export function addRegister(program: Command, bind: Bind): void {
  const command = program
    .command('register')
    .summary('make an account')
    .description(
      'Makes an account and shows its Emergency Kit once: the Secret Key in it is needed on every new device, and nobody can give it again.',
    )
    .argument('[login]', 'e-mail address or user name')
    .option('--login <login>', 'the same, as a flag')
    .option('--email <address>', 'for messages of the server')
    .option('--full-name <name>', 'your name, for the administrators of the server')
    .option('--no-secret-key', 'protect the account by the password alone; weaker against a stolen database')
    .option('--recovery-key', 'make a recovery key as well, and show it once')
    .option('--emergency-kit <file>', 'write the Emergency Kit to a new file instead of showing it');
  addPasswordOption(command).option(
    '--invitation-stdin',
    'read an invitation from standard input, from the line after the password (or, without --password-stdin, the first)',
  );
  bind<RegisterOptions>(command, register);
}

async function register(context: Context, options: RegisterOptions, words: readonly string[]): Promise<void> {
  const client = await context.makeClient();
  const { baseUrl } = await client.status();
  const login = await chooseLogin(context, words[0] ?? options.login);
  const password = await readNewPassword(context, options);
  const invitation = options.invitationStdin === true ? await readInvitation(context) : undefined;
  // Opened before the account is made: afterwards it would be too late to find that it cannot be written.
  const kitFile =
    options.emergencyKit === undefined ? undefined : await openKitFile(context, options.emergencyKit);
  let registered: Registered;
  try {
    registered = await client.register(
      {
        login,
        password,
        secretKey: options.secretKey ? 'generate' : 'none',
        recovery: options.recoveryKey === true ? 'generate' : 'none',
        ...(options.email !== undefined && { email: options.email }),
        ...(options.fullName !== undefined && { fullName: options.fullName }),
        ...(invitation !== undefined && { invitation }),
      },
      { signal: context.signal },
    );
  } catch (error) {
    await kitFile?.discard();
    throw error;
  }
  await kitFile?.save(registered.emergencyKit ?? '');
  await showRegistered(context, { registered, login, baseUrl, isKitInFile: kitFile !== undefined });
  await context.state.writeProfile({ baseUrl, login });
}

async function showRegistered(
  context: Context,
  {
    registered,
    login,
    baseUrl,
    isKitInFile,
  }: {
    readonly registered: Registered;
    readonly login: string;
    readonly baseUrl: string;
    readonly isKitInFile: boolean;
  },
): Promise<void> {
  const { accountId, secretKey, emergencyKit, recoveryKey } = registered;
  const framed = (text: string): string => (context.output.isTerminal ? `\n${text}\n` : text);
  const shown = isKitInFile ? {} : { secretKey, emergencyKit };
  context.output.result({
    json: { accountId, login, baseUrl, ...shown, ...(recoveryKey === null ? {} : { recoveryKey }) },
    text: [
      ...(isKitInFile || emergencyKit === null ? [] : [framed(emergencyKit.trimEnd())]),
      ...(recoveryKey === null ? [] : [`Recovery key\n  ${recoveryKey}`]),
    ].join('\n'),
  });
  // It is shown this once, so nothing that may fail comes before it.
  await context.output.flush();
  context.output.note(
    emergencyKit === null || isKitInFile
      ? 'The account is made. Next: zkvault login'
      : 'The account is made. Keep the Emergency Kit above: it is not shown again. Next: zkvault login',
  );
}

async function chooseLogin(context: Context, given: string | undefined): Promise<string> {
  if (given !== undefined) return given;
  if (context.questions.canAsk) return await context.questions.askLine('Login (e-mail address or user name)');
  throw new CliError('usage', 'which login? Give it as an argument');
}

/** A secret until it is used, so no flag takes it. */
async function readInvitation(context: Context): Promise<string> {
  const line = await context.questions.stdin.next();
  if (line === undefined || line.trim() === '')
    throw new CliError('usage', 'standard input has no invitation in it');
  return line.trim();
}

interface KitFile {
  save(text: string): Promise<void>;
  discard(): Promise<void>;
}

async function openKitFile(context: Context, given: string): Promise<KitFile> {
  const path = resolve(context.terminal.workingDirectory, given);
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    throw new CliError(
      'usage',
      `the file for the Emergency Kit cannot be made (it must not exist): ${given}`,
      {
        cause: error,
      },
    );
  });
  return {
    async save(text) {
      try {
        await file.writeFile(text);
        await file.sync();
      } catch {
        // The account exists by now; losing its Secret Key would be worse than showing it.
        await write(context.terminal.stderr, `${text}\n`);
        throw new CliError(
          'error',
          `the Emergency Kit could not be written to ${given}; it is shown above instead`,
        );
      } finally {
        await file.close();
      }
    },
    async discard() {
      await file.close();
      await rm(path, { force: true });
    },
  };
}
