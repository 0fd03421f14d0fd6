/** @file `zkvault logout`: ends the session of this device. */
import type { Command } from 'commander';
import type { Bind } from '../command-session.ts';
import type { Context } from '../context.ts';

/** Declares the command. */
export function addLogout(program: Command, bind: Bind): void {
  bind<object>(
    program
      .command('logout')
      .summary('end the session of this device')
      .description(
        'Ends the session at the server and forgets what it kept here. The Secret Key and the memory of the newest verified state stay, for the next login.',
      ),
    logout,
  );
}

async function logout(context: Context): Promise<void> {
  await (await context.findAgent()).end();
  const client = await context.makeClient();
  await client.logout({ signal: context.signal });
  context.output.result({ json: { state: 'logged-out' }, text: '' });
  context.output.note('Logged out.');
}
