/** @file `zkvault rotate-vault-key`: gives the vault a new key. */
import { RotationIncompleteError } from '@zkvault/sdk';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Bind } from '../command-session.ts';
import { type Context, openVault, type UnlockOptions } from '../context.ts';
import { makeProgress } from '../io/progress.ts';
import { addPasswordOption } from './session-options.ts';

interface RotateOptions extends UnlockOptions {
  readonly yes?: boolean;
}

/** Declares the command. */
export function addRotateVaultKey(program: Command, bind: Bind): void {
  const command = program
    .command('rotate-vault-key')
    .summary('give the vault a new key')
    .description(
      'Seals every entry under a new key, and drops the old one once everything was read back and verified. Use it when the key may be known to somebody. Earlier versions of entries are forgotten, and other devices must log in again. If it breaks off, run it again.',
    )
    .argument('[vault]', 'id of a vault; the one new entries go to, if left out')
    .option('--yes', 'do not ask; needed where there is no terminal');
  bind<RotateOptions>(addPasswordOption(command), rotate);
}

async function rotate(context: Context, options: RotateOptions, words: readonly string[]): Promise<void> {
  if (options.yes !== true && !context.questions.canAsk)
    throw new CliError('usage', 'earlier versions of entries are forgotten: give --yes to mean it');
  const client = await openVault(context, options);
  const question = 'Give the vault a new key? Earlier versions of entries are forgotten.';
  if (options.yes !== true && !(await context.questions.askYes(question)))
    throw new CliError('interrupted', 'nothing was changed');
  const progress = makeProgress(context.terminal, context.output, 'entries sealed anew');
  let sealed = 0;
  try {
    await client.vaults.rotateKey(words[0], {
      signal: context.signal,
      onProgress({ staged, total }) {
        sealed = total;
        progress.show(staged, total);
      },
    });
  } catch (error) {
    if (error instanceof RotationIncompleteError)
      context.output.note('Nothing is lost: the old key is still in use.');
    throw error;
  } finally {
    progress.end();
  }
  const entries = sealed === 1 ? '1 entry' : `${sealed} entries`;
  context.output.result({
    json: { rotated: true, entries: sealed },
    text: context.output.isTerminal
      ? `The vault has a new key; ${entries} sealed anew. Log in again on your other devices.`
      : String(sealed),
  });
}
