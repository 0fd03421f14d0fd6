/** @file `zkvault account change-password`, `change-login`, …: changes of what opens the account. */
import type { VaultClient } from '@zkvault/sdk';
import { type Command, Option } from 'commander';
import type { Bind } from '../command-session.ts';
import {
  type Context,
  clientForSession,
  keepUnlocked,
  readPassword,
  type UnlockOptions,
} from '../context.ts';
import { readNewPassword } from '../io/new-password.ts';
import { printableLine } from '../io/printable.ts';
import { addPasswordOption } from './session-options.ts';

interface ProfileOptions extends UnlockOptions {
  readonly profile: '1' | '2' | '3';
}

interface RotateOptions extends UnlockOptions {
  readonly recoveryKeyStdin?: boolean;
}

const ends = 'Every other session of the account ends.';

/** Declares the commands below `zkvault account`. */
export function addAccountKeys(account: Command, bind: Bind): void {
  const password = account
    .command('change-password')
    .summary('set another password')
    .description(`Sets another password. ${ends}`)
    .addHelpText('after', '\nWith --password-stdin, line 1 is the present password and line 2 the new one.');
  bind<UnlockOptions>(addPasswordOption(password), changePassword);
  const login = account
    .command('change-login')
    .summary('log in with another name')
    .description(`Changes the name the account logs in with and prints the Emergency Kit anew. ${ends}`)
    .argument('<login>', 'e-mail address or user name');
  bind<UnlockOptions>(addPasswordOption(login), changeLogin);
  const profile = account
    .command('raise-kdf')
    .summary('hash the password with a stronger profile')
    .description(`Hashes the password with another KDF profile, never a weaker one. ${ends}`)
    .addOption(
      new Option('--profile <profile>', 'number of the profile').choices(['1', '2', '3']).default('3'),
    );
  bind<ProfileOptions>(addPasswordOption(profile), raiseKdf);
  const secretKey = account
    .command('renew-secret-key')
    .summary('replace the Secret Key')
    .description(
      `Replaces the Secret Key, or gives one to an account without, and prints the Emergency Kit. Other devices need it once. ${ends}`,
    );
  bind<UnlockOptions>(addPasswordOption(secretKey), renewSecretKey);
  const rotate = account
    .command('rotate-keys')
    .summary('replace the account key')
    .description(
      `Replaces the key that everything lies under, for when somebody may have seen it. An account with a recovery key gets a new one, which is shown once. ${ends}`,
    )
    .option('--recovery-key-stdin', 'keep the recovery key, which the line after the password gives');
  bind<RotateOptions>(addPasswordOption(rotate), rotateKeys);
}

/** Opens the vault with the password, which every change has to prove once more. */
export async function openWithPassword(
  context: Context,
  options: UnlockOptions,
): Promise<{ readonly client: VaultClient; readonly password: string }> {
  const client = await clientForSession(context);
  const password = await readPassword(context, { ...options, message: 'Present password' });
  await client.unlock({ password }, { signal: context.signal });
  return { client, password };
}

/** Shows what is given this once, before anything that may fail. */
export async function showOnce(context: Context, json: object, text: string, note: string): Promise<void> {
  context.output.result({ json, text: context.output.isTerminal && text !== '' ? `\n${text}\n` : text });
  await context.output.flush();
  context.output.note(note);
}

async function changePassword(context: Context, options: UnlockOptions): Promise<void> {
  const { client, password: currentPassword } = await openWithPassword(context, options);
  const newPassword = await readNewPassword(context, options);
  await client.account.changePassword({ currentPassword, newPassword }, { signal: context.signal });
  context.output.result({ json: { changed: 'password' }, text: '' });
  context.output.note('The password is changed. The Emergency Kit stays right, but for a password on it.');
}

async function changeLogin(
  context: Context,
  options: UnlockOptions,
  [newLogin = '']: readonly string[],
): Promise<void> {
  const { client, password } = await openWithPassword(context, options);
  const { signal } = context;
  const { emergencyKit } = await client.account.changeLogin({ password, newLogin }, { signal });
  const { login, baseUrl } = await client.status();
  if (login !== undefined) await context.state.writeProfile({ baseUrl, login });
  await showOnce(
    context,
    { changed: 'login', login, emergencyKit },
    emergencyKit?.trimEnd() ?? '',
    `The login is ${printableLine(login ?? newLogin)} now. Print the Emergency Kit in place of the old one.`,
  );
}

async function raiseKdf(context: Context, options: ProfileOptions): Promise<void> {
  const { client, password } = await openWithPassword(context, options);
  const profile = Number(options.profile) as 1 | 2 | 3;
  await client.account.raiseKdfProfile({ password, profile }, { signal: context.signal });
  context.output.result({ json: { changed: 'kdf-profile', profile }, text: '' });
  context.output.note(`The password is hashed with profile ${profile} now.`);
}

async function renewSecretKey(context: Context, options: UnlockOptions): Promise<void> {
  const { client, password } = await openWithPassword(context, options);
  const { signal } = context;
  const { secretKey, emergencyKit } = await client.account.renewSecretKey({ password }, { signal });
  await showOnce(
    context,
    { changed: 'secret-key', secretKey, emergencyKit },
    emergencyKit.trimEnd(),
    'The Secret Key is a new one. Keep the Emergency Kit above in place of the old one: it is not shown again.',
  );
}

async function rotateKeys(context: Context, options: RotateOptions): Promise<void> {
  const { client, password } = await openWithPassword(context, options);
  const kept = options.recoveryKeyStdin === true ? await context.questions.stdin.next() : undefined;
  const agent = await context.findAgent();
  const isKept = (await agent.findKey()) !== undefined;
  const { recoveryKey } = await client.account.rotateKeys(
    { password, ...(kept === undefined ? {} : { recoveryKey: kept }) },
    { signal: context.signal },
  );
  await showOnce(
    context,
    { changed: 'account-key', recoveryKey },
    recoveryKey ?? '',
    recoveryKey === null
      ? 'The account key is a new one. Other devices log in again.'
      : 'The account key is a new one, and so is the recovery key above: it is not shown again. Other devices log in again.',
  );
  // The key that the agent has opens nothing any more.
  if (isKept) await keepUnlocked(context, client);
}
