/** @file `zkvault login`: begins a session on this device and leaves the vault unlocked. */
import { type LoginReport, type OfferedSecondFactor, SecondFactorRequiredError } from '@zkvault/sdk';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Bind } from '../command-session.ts';
import { type Context, keepUnlocked, readPassword } from '../context.ts';
import { readSecondFactor } from '../io/second-factor.ts';
import type { Profile } from '../platform/state.ts';
import { addPasswordOption, addTimeoutOption, addTotpOption } from './session-options.ts';

interface LoginOptions {
  readonly login?: string;
  readonly passwordStdin?: boolean;
  readonly totpStdin?: boolean;
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
      '\nWith --password-stdin, line 1 is the password and line 2, on a new device, the Secret Key. With --totp-stdin, the last line is the one-time password or a recovery code.',
    );
  bind<LoginOptions>(addTimeoutOption(addTotpOption(addPasswordOption(command))), login);
}

async function login(context: Context, options: LoginOptions, words: readonly string[]): Promise<void> {
  const client = await context.makeClient();
  const { baseUrl } = await client.status();
  const profile = await context.state.readProfile();
  const name = await chooseLogin(context, words[0] ?? options.login, profile);
  const password = await readPassword(context, options);
  const isKnown = profile.login === name && profile.baseUrl === baseUrl;
  const { secretKey, secondFactor } = await readRest(context, options, isKnown);
  const credentials = { login: name, password, ...(secretKey !== undefined && { secretKey }) };
  const enter = (factor: OfferedSecondFactor | undefined): Promise<LoginReport> =>
    client.login(
      { ...credentials, ...(factor !== undefined && { secondFactor: factor }) },
      { signal: context.signal },
    );
  const { lastSecurityViolationAt } = await enter(secondFactor).catch(async (error: unknown) => {
    if (!(error instanceof SecondFactorRequiredError) || !context.questions.canAsk) throw error;
    return enter(readSecondFactor(await context.questions.askLine('One-time password, or a recovery code')));
  });
  await context.state.writeProfile({ baseUrl, login: name });
  await keepUnlocked(context, client, options.timeout);
  const { login: canonical, accountId } = await client.status();
  context.output.result({
    json: { login: canonical, accountId, baseUrl, state: 'unlocked', lastSecurityViolationAt },
    text: '',
  });
  if (lastSecurityViolationAt !== null)
    context.output.note(
      `Attention: at ${lastSecurityViolationAt} somebody used a session of this account a second time. It may have been copied; it has ended. If that was not you, change your password.`,
    );
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

/** What a login needs beside login and password. */
interface Rest {
  /** In its text form; undefined if the one kept on this device, or none, is to be used. */
  readonly secretKey: string | undefined;
  /** Undefined if it is not given beforehand; it is asked for once the server asks. */
  readonly secondFactor: OfferedSecondFactor | undefined;
}

async function readRest(context: Context, options: LoginOptions, isKnownDevice: boolean): Promise<Rest> {
  const { stdin } = context.questions;
  if (options.passwordStdin !== true) {
    const secondFactor =
      options.totpStdin === true ? readSecondFactor((await stdin.next()) ?? '') : undefined;
    return { secretKey: isKnownDevice ? undefined : await askSecretKey(context), secondFactor };
  }
  const first = await stdin.next();
  if (options.totpStdin !== true) return { secretKey: first || undefined, secondFactor: undefined };
  // The last line is the one-time password, whether a Secret Key stands before it or not.
  const second = await stdin.next();
  return second === undefined
    ? { secretKey: undefined, secondFactor: readSecondFactor(first ?? '') }
    : { secretKey: first || undefined, secondFactor: readSecondFactor(second) };
}

async function askSecretKey(context: Context): Promise<string | undefined> {
  const typed = await context.questions.askSecret('Secret Key (ZK1-…; empty if the account has none)', {
    mayBeEmpty: true,
  });
  return typed === '' ? undefined : typed;
}
