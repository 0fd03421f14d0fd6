/** @file `zkvault login`: begins a session on this device and leaves the vault unlocked. */
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Bind } from '../command-session.ts';
import { type Context, keepUnlocked, readPassword } from '../context.ts';
import type { Profile } from '../platform/state.ts';
import { addPasswordOption, addTimeoutOption } from './session-options.ts';

interface LoginOptions {
  readonly login?: string;
  readonly passwordStdin?: boolean;
  readonly timeout: number;
}

/** Declares the command. */
export function addLogin(program: Command, bind: Bind): void {
  const command = program
    .command('login')
    .summary('begin a session on this device')
    .description(
      'Begins a session on this device and leaves the vault unlocked. A new device needs the Secret Key from the Emergency Kit as well.',
    )
    .argument('[login]', 'e-mail address or user name; the one used last if left out')
    .option('--login <login>', 'the same, as a flag')
    .addHelpText(
      'after',
      '\nWith --password-stdin, line 1 is the password and line 2, on a new device, the Secret Key.',
    );
  bind<LoginOptions>(addTimeoutOption(addPasswordOption(command)), login);
}

async function login(context: Context, options: LoginOptions, words: readonly string[]): Promise<void> {
  const client = await context.makeClient();
  const { baseUrl } = await client.status();
  const profile = await context.state.readProfile();
  const name = await chooseLogin(context, words[0] ?? options.login, profile);
  const password = await readPassword(context, options);
  const isKnown = profile.login === name && profile.baseUrl === baseUrl;
  const secretKey = await readSecretKey(context, options, isKnown);
  await client.login(
    { login: name, password, ...(secretKey !== undefined && { secretKey }) },
    { signal: context.signal },
  );
  await context.state.writeProfile({ baseUrl, login: name });
  await keepUnlocked(context, client, options.timeout);
  const { login: canonical, accountId } = await client.status();
  context.output.result({ json: { login: canonical, accountId, baseUrl, state: 'unlocked' }, text: '' });
  context.output.note(
    `Logged in, and unlocked. The vault locks after ${options.timeout / 60_000} minutes without a command.`,
  );
}

async function chooseLogin(context: Context, given: string | undefined, profile: Profile): Promise<string> {
  const name = given ?? profile.login;
  if (name !== undefined) return name;
  if (context.questions.canAsk) return await context.questions.askLine('Login');
  throw new CliError('usage', 'which login? Give it as an argument');
}

/** The Secret Key in its text form, or undefined: the one kept on this device, or none, is used then. */
async function readSecretKey(
  context: Context,
  options: LoginOptions,
  isKnownDevice: boolean,
): Promise<string | undefined> {
  if (options.passwordStdin === true) {
    const line = await context.questions.stdin.next();
    return line === '' ? undefined : line;
  }
  if (isKnownDevice) return undefined;
  const typed = await context.questions.askSecret('Secret Key (ZK1-…; empty if the account has none)', {
    mayBeEmpty: true,
  });
  return typed === '' ? undefined : typed;
}
