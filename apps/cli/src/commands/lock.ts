/** @file `zkvault lock`: forgets the key that unlock keeps. */
import type { Command } from 'commander';
import type { Bind } from '../command-session.ts';
import type { Context } from '../context.ts';

/** Declares the command. */
export function addLock(program: Command, bind: Bind): void {
  bind<object>(
    program
      .command('lock')
      .summary('forget the key')
      .description('Ends the background process that keeps the vault unlocked.'),
    lock,
  );
}

async function lock(context: Context): Promise<void> {
  const wasUnlocked = await (await context.findAgent()).end();
  context.output.result({ json: { state: 'locked', wasUnlocked }, text: '' });
  context.output.note(wasUnlocked ? 'Locked.' : 'The vault was locked already.');
}
