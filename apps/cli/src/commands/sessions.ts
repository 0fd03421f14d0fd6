/** @file `zkvault sessions`: where the account is logged in, and ending that. */
import type { Command } from 'commander';
import type { Bind } from '../command-session.ts';
import { type Context, openVault, type UnlockOptions } from '../context.ts';
import { listingOf } from '../io/listing.ts';
import { addPasswordOption } from './session-options.ts';

const columns = [
  { heading: 'ID' },
  { heading: 'DEVICE', flexible: true },
  { heading: 'LAST USED' },
  { heading: 'FROM' },
  { heading: '' },
] as const;

/** Declares the commands. */
export function addSessions(program: Command, bind: Bind): void {
  const sessions = program.command('sessions').summary('show and end where you are logged in');
  const list = sessions
    .command('list')
    .summary('where you are logged in')
    .description('Lists where the account is logged in, newest use first, as the server tells it.');
  bind<UnlockOptions>(addPasswordOption(list), listAll);
  const end = sessions
    .command('end')
    .argument('<id>', 'of the list')
    .summary('end one session, at once')
    .description(
      'Ends one session at the server. What its device has read, and its keys, it keeps: after a theft, change the password and rotate the keys as well.',
    );
  bind<UnlockOptions>(addPasswordOption(end), endOne);
  const endAll = sessions
    .command('end-all')
    .summary('end every session, this one too')
    .description('Ends every session of the account, this one too.')
    .requiredOption('--yes', 'say that this is meant');
  bind<UnlockOptions>(addPasswordOption(endAll), endEvery);
}

async function listAll(context: Context, options: UnlockOptions): Promise<void> {
  const client = await openVault(context, options);
  const sessions = await client.sessions.list({ signal: context.signal });
  const rows = sessions.map(({ id, device, lastUsedAt, addressPrefix, current }) => [
    id,
    device.name,
    lastUsedAt,
    addressPrefix,
    current ? 'this one' : '',
  ]);
  context.output.result({ json: sessions, text: listingOf(context.output, columns, rows) });
}

async function endOne(context: Context, options: UnlockOptions, [id = '']: readonly string[]): Promise<void> {
  const client = await openVault(context, options);
  await client.sessions.end(id, { signal: context.signal });
  context.output.result({ json: { state: 'ended', id }, text: '' });
  context.output.note('The session has ended.');
}

async function endEvery(context: Context, options: UnlockOptions): Promise<void> {
  const client = await openVault(context, options);
  await client.sessions.endAll({ signal: context.signal });
  await (await context.findAgent()).end();
  context.output.result({ json: { state: 'ended' }, text: '' });
  context.output.note('Every session has ended. Next: zkvault login.');
}
