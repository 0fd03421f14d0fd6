/** @file `zkvault unlock`: opens the session of this device for the commands that follow. */
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Bind } from '../command-session.ts';
import { type Context, keepUnlocked, openVault } from '../context.ts';
import { addPasswordOption, addTimeoutOption } from './session-options.ts';

interface UnlockCommandOptions {
  readonly passwordStdin?: boolean;
  readonly timeout: number;
}

/** Declares the command. */
export function addUnlock(program: Command, bind: Bind): void {
  const command = program
    .command('unlock')
    .summary('open the vault for the commands that follow')
    .description(
      'Opens the vault for the commands that follow. A background process keeps the key in its memory, never on disk, until zkvault lock or the timeout. Needs no network.',
    );
  bind<UnlockCommandOptions>(addTimeoutOption(addPasswordOption(command)), unlock);
}

async function unlock(context: Context, options: UnlockCommandOptions): Promise<void> {
  if (options.passwordStdin !== true && !context.questions.canAsk)
    throw new CliError('usage', 'the password is needed: use a terminal, or --password-stdin');
  const client = await openVault(context, options);
  await keepUnlocked(context, client, options.timeout);
  context.output.result({ json: { state: 'unlocked', timeoutSeconds: options.timeout / 1000 }, text: '' });
  context.output.note(
    `Unlocked. The vault locks after ${options.timeout / 60_000} minutes without a command.`,
  );
}
