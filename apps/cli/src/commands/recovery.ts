/** @file `zkvault recovery` and `zkvault recover`: a key on paper that lets its holder set a new password. */
import { type OfferedSecondFactor, type Recovered, SecondFactorRequiredError } from '@zkvault/sdk';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Bind } from '../command-session.ts';
import { type Context, keepUnlocked, openVault, type UnlockOptions } from '../context.ts';
import { readNewPassword } from '../io/new-password.ts';
import { readSecondFactor } from '../io/second-factor.ts';
import { openWithPassword, showOnce } from './account-keys.ts';
import { addPasswordOption, addTimeoutOption, addTotpOption } from './session-options.ts';

interface RecoverOptions extends UnlockOptions {
  readonly totpStdin?: boolean;
  readonly timeout: number;
}

const SHOWN_ONCE =
  'Keep the recovery key above as safe as the Emergency Kit, and not with it: it opens the account without the password, and is not shown again.';

/** Declares the commands. */
export function addRecovery(program: Command, bind: Bind): void {
  const group = program.command('recovery').summary('a key for when the password is lost');
  const enrol = group
    .command('enrol')
    .summary('make a recovery key')
    .description('Makes a recovery key and shows it once. Whoever has it can set a new password.');
  bind<UnlockOptions>(addPasswordOption(enrol), (context, options) => give(context, options, 'enrol'));
  const renew = group
    .command('renew')
    .summary('replace the recovery key')
    .description('Makes another recovery key and shows it once. The former one is void.');
  bind<UnlockOptions>(addPasswordOption(renew), (context, options) => give(context, options, 'renew'));
  const remove = group
    .command('remove')
    .summary('do without a recovery key again')
    .description('Makes the recovery key void. Who loses the password then loses the data.');
  bind<UnlockOptions>(addPasswordOption(remove), doWithout);
  const status = group
    .command('status')
    .summary('is there a recovery key')
    .description(
      'Says whether the account has a recovery key, and whether the server still has its part of it.',
    );
  bind<UnlockOptions>(addPasswordOption(status), showStatus);
  const recover = program
    .command('recover')
    .summary('set a new password with the recovery key')
    .description(
      'Sets a new password with the recovery key. The Secret Key and the recovery key are new as well and shown once. Every other session ends.',
    )
    .argument('<login>', 'e-mail address or user name')
    .addHelpText(
      'after',
      '\nWith --password-stdin, line 1 is the recovery key and line 2 the new password. With --totp-stdin, the last line is the one-time password or a recovery code.',
    );
  bind<RecoverOptions>(addTimeoutOption(addTotpOption(addPasswordOption(recover))), recoverAccount);
}

async function give(context: Context, options: UnlockOptions, how: 'enrol' | 'renew'): Promise<void> {
  const { client, password } = await openWithPassword(context, options);
  const { recoveryKey } = await client.recovery[how]({ password }, { signal: context.signal });
  await showOnce(context, { recoveryKey }, recoveryKey, SHOWN_ONCE);
}

async function doWithout(context: Context, options: UnlockOptions): Promise<void> {
  const { client, password } = await openWithPassword(context, options);
  await client.recovery.remove({ password }, { signal: context.signal });
  context.output.result({ json: { recovery: false }, text: '' });
  context.output.note('The account has no recovery key any more.');
}

async function showStatus(context: Context, options: UnlockOptions): Promise<void> {
  const client = await openVault(context, options);
  const status = await client.recovery.status({ signal: context.signal });
  const { enrolled, keptByServer } = status;
  const text = enrolled ? (keptByServer ? 'enrolled' : 'missing at the server') : 'none';
  context.output.result({ json: status, text });
  if (enrolled && !keptByServer)
    context.output.note(
      'The server has not this recovery key: another device changed it (log in again), or it was dropped (zkvault recovery renew).',
    );
}

async function recoverAccount(
  context: Context,
  options: RecoverOptions,
  [login = '']: readonly string[],
): Promise<void> {
  const client = await context.makeClient();
  const recoveryKey = await readRecoveryKey(context, options);
  const newPassword = await readNewPassword(context, options);
  const secondFactor =
    options.totpStdin === true ? readSecondFactor((await context.questions.stdin.next()) ?? '') : undefined;
  const enter = (factor: OfferedSecondFactor | undefined): Promise<Recovered> =>
    client.recover(
      { login, recoveryKey, newPassword, ...(factor !== undefined && { secondFactor: factor }) },
      { signal: context.signal },
    );
  const recovered = await enter(secondFactor).catch(async (error: unknown) => {
    if (!(error instanceof SecondFactorRequiredError) || !context.questions.canAsk) throw error;
    return enter(readSecondFactor(await context.questions.askLine('One-time password, or a recovery code')));
  });
  const { emergencyKit } = recovered;
  const text = [emergencyKit?.trimEnd(), `Recovery key\n  ${recovered.recoveryKey}`]
    .filter((part) => part !== undefined)
    .join('\n\n');
  await showOnce(context, recovered, text, `Recovered, logged in and unlocked. ${SHOWN_ONCE}`);
  const status = await client.status();
  await context.state.writeProfile({ baseUrl: status.baseUrl, login: status.login ?? login });
  await keepUnlocked(context, client, options.timeout);
}

async function readRecoveryKey(context: Context, options: UnlockOptions): Promise<string> {
  if (options.passwordStdin !== true) {
    if (context.questions.canAsk) return await context.questions.askSecret('Recovery key (ZKR1-…)');
    throw new CliError('usage', 'the recovery key is needed: use a terminal, or --password-stdin');
  }
  const line = await context.questions.stdin.next();
  if (line === undefined || line === '')
    throw new CliError('usage', 'standard input has no recovery key in it');
  return line;
}
