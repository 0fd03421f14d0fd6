/** @file `zkvault 2fa`: a second factor for logins. It is access control by the server, not a key of the vault. */
import type { VaultClient } from '@zkvault/sdk';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Bind } from '../command-session.ts';
import { type Context, clientForSession, readPassword, type UnlockOptions } from '../context.ts';
import { readOneTimePassword } from '../io/second-factor.ts';
import { addPasswordOption, addTotpOption } from './session-options.ts';

interface VerifyOptions extends UnlockOptions {
  readonly totpStdin?: boolean;
}

/** Declares the commands. */
export function addTwoFactor(program: Command, bind: Bind): void {
  const group = program
    .command('2fa')
    .summary('ask for a one-time password at login')
    .description(
      'A second factor keeps a stranger who knows the password from logging in. It does not protect from the server: no key of the vault depends on it. Each of these commands asks for the password again.',
    );
  const setup = group
    .command('setup')
    .summary('give an authenticator app its secret, and confirm it')
    .description(
      'Shows the secret for an authenticator app, once, and asks for the first one-time password. Without a terminal it ends after the secret; go on with zkvault 2fa verify.',
    );
  bind<UnlockOptions>(addPasswordOption(setup), setUp);
  const verify = group
    .command('verify')
    .summary('confirm the secret and get the recovery codes')
    .description('Confirms a setup with a one-time password. Every login needs one from then on.')
    .addHelpText(
      'after',
      '\nWith --password-stdin and --totp-stdin, line 1 is the password and line 2 the one-time password.',
    );
  bind<VerifyOptions>(addTotpOption(addPasswordOption(verify)), confirm);
  const codes = group
    .command('recovery-codes')
    .summary('replace the recovery codes')
    .description('Makes new recovery codes and shows them once. The former ones are worth nothing then.');
  bind<UnlockOptions>(addPasswordOption(codes), renewCodes);
  const disable = group
    .command('disable')
    .summary('do without a second factor again')
    .description('Lets the password alone log in again. The recovery codes are worth nothing then.');
  bind<UnlockOptions>(addPasswordOption(disable), doWithout);
}

/** Opens the vault with the password, which every call has to prove once more. */
async function open(
  context: Context,
  options: UnlockOptions,
): Promise<{ readonly client: VaultClient; readonly password: string }> {
  const client = await clientForSession(context);
  const password = await readPassword(context, options);
  await client.unlock({ password }, { signal: context.signal });
  return { client, password };
}

async function setUp(context: Context, options: UnlockOptions): Promise<void> {
  const { client, password } = await open(context, options);
  const { secret, otpauthUrl } = await client.secondFactor.setup({ password }, { signal: context.signal });
  context.output.result({
    json: { secret, otpauthUrl, state: 'waits-for-verification' },
    text: `secret\t${secret}\nurl\t${otpauthUrl}`,
  });
  if (!context.questions.canAsk || options.passwordStdin === true) {
    context.output.note('Give this to an authenticator app. Next: zkvault 2fa verify');
    return;
  }
  // It is needed for the answer to the question.
  await context.output.flush();
  const totp = await context.questions.askLine('Give this to an authenticator app. The six digits it shows');
  await activate(context, client, { password, totp });
}

async function confirm(context: Context, options: VerifyOptions): Promise<void> {
  const { client, password } = await open(context, options);
  await activate(context, client, { password, totp: await readTotp(context, options) });
}

async function readTotp(context: Context, options: VerifyOptions): Promise<string> {
  if (options.totpStdin === true) return (await context.questions.stdin.next()) ?? '';
  if (context.questions.canAsk)
    return await context.questions.askLine('The six digits of the authenticator app');
  throw new CliError('usage', 'the one-time password is needed: use a terminal, or --totp-stdin');
}

async function activate(
  context: Context,
  client: VaultClient,
  { password, totp: typed }: { readonly password: string; readonly totp: string },
): Promise<void> {
  const totp = readOneTimePassword(typed);
  if (totp === undefined)
    throw new CliError('usage', 'a one-time password has six digits; run zkvault 2fa verify');
  const { recoveryCodes } = await client.secondFactor.verify({ password, totp }, { signal: context.signal });
  showCodes(context, recoveryCodes);
  context.output.note('The second factor is on: every login asks for it.');
}

async function renewCodes(context: Context, options: UnlockOptions): Promise<void> {
  const { client, password } = await open(context, options);
  const renewed = await client.secondFactor.renewRecoveryCodes({ password }, { signal: context.signal });
  showCodes(context, renewed.recoveryCodes);
}

function showCodes(context: Context, recoveryCodes: readonly string[]): void {
  context.output.result({ json: { recoveryCodes }, text: recoveryCodes.join('\n') });
  context.output.note(
    'Keep the recovery codes above: they are not shown again. Each stands in for a one-time password once.',
  );
}

async function doWithout(context: Context, options: UnlockOptions): Promise<void> {
  const { client, password } = await open(context, options);
  await client.secondFactor.disable({ password }, { signal: context.signal });
  context.output.result({ json: { secondFactor: false }, text: '' });
  context.output.note('The second factor is off: the password alone logs in.');
}
