/** @file `zkvault account`: shows what the server has about the account's owner, changes it or deletes it. */
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Bind } from '../command-session.ts';
import { type Context, openVault, readPassword, type UnlockOptions } from '../context.ts';
import { printableLine } from '../io/printable.ts';
import { addAccountKeys } from './account-keys.ts';
import { addSecurityEvents } from './events.ts';
import { addPasswordOption } from './session-options.ts';

interface DeleteOptions extends UnlockOptions {
  readonly yes?: boolean;
}

/** Declares the commands. */
export function addAccount(program: Command, bind: Bind): void {
  const account = program
    .command('account')
    .summary('show the account and what happened to it, change or delete it');
  const show = account
    .command('show')
    .summary('what the server has about you')
    .description(
      'Shows what the server has about you: login, e-mail address, name, role. None of it is secret.',
    );
  bind<UnlockOptions>(addPasswordOption(show), showAccount);
  addSecurityEvents(account, bind);
  addAccountKeys(account, bind);
  const remove = account
    .command('delete')
    .summary('delete the account and every entry in it')
    .description(
      'Deletes the account at the server, every entry in it, and all that this device has of it. Nobody can bring it back.',
    )
    .option('--yes', 'do not ask whether this is meant');
  bind<DeleteOptions>(addPasswordOption(remove), deleteAccount);
}

async function showAccount(context: Context, options: UnlockOptions): Promise<void> {
  const client = await openVault(context, options);
  const account = await client.account.get({ signal: context.signal });
  const { isTerminal, paint } = context.output;
  const rows: readonly (readonly [string, string])[] = [
    ['login', account.login],
    ['account', account.id],
    ['e-mail', account.email ?? ''],
    ['name', account.fullName ?? ''],
    ['role', account.role],
    ['since', account.createdAt],
  ];
  context.output.result({
    json: account,
    text: rows
      .filter(([, text]) => text !== '')
      .map(([label, text]) =>
        isTerminal
          ? `${paint('label', label.padEnd(7))}  ${printableLine(text)}`
          : `${label}\t${printableLine(text)}`,
      )
      .join('\n'),
  });
}

async function deleteAccount(context: Context, options: DeleteOptions): Promise<void> {
  const client = await context.makeClient();
  const { state, login } = await client.status();
  if (state === 'logged-out' || login === undefined)
    throw new CliError('not-logged-in', 'not logged in; run zkvault login', { code: 'logged-out' });
  if (options.yes !== true) await askWhetherMeant(context, login);
  const { signal } = context;
  const password = await readPassword(context, options);
  await client.unlock({ password }, { signal });
  await client.account.deleteAccount({ password }, { signal });
  await (await context.findAgent()).end();
  context.output.result({ json: { state: 'deleted', login }, text: '' });
  context.output.note(`The account ${printableLine(login)} is deleted.`);
}

async function askWhetherMeant(context: Context, login: string): Promise<void> {
  if (!context.questions.canAsk)
    throw new CliError('usage', 'nothing was deleted; give --yes if the whole account is meant');
  const typed = await context.questions.askLine(
    `This deletes every entry of ${printableLine(login)}. Type the login to go on`,
  );
  if (typed.trim() !== login) throw new CliError('usage', 'that is another login; nothing was deleted');
}
