/** @file `zkvault admin invitations`: those that nobody has used yet. */
import type { Command } from 'commander';
import type { Bind } from '../command-session.ts';
import { type Context, openVault, type UnlockOptions } from '../context.ts';
import { listingOf } from '../io/listing.ts';
import { addPasswordOption } from './session-options.ts';

const columns = [
  { heading: 'ID' },
  { heading: 'ROLE' },
  { heading: 'UNTIL' },
  { heading: 'MADE BY' },
] as const;

/** Declares the commands in the group of administrators. */
export function addAdminInvitations(admin: Command, bind: Bind): void {
  const invitations = admin.command('invitations').summary('list invitations and take them back');
  const list = invitations
    .command('list')
    .summary('invitations that may still be used')
    .description(
      'Lists the invitations that may still be used, newest first. Their tokens are not told again.',
    );
  bind<UnlockOptions>(addPasswordOption(list), listAll);
  const revoke = invitations
    .command('revoke')
    .argument('<id>', 'of the list')
    .summary('take an invitation back')
    .description('Takes an invitation back: nobody can register with it any more.');
  bind<UnlockOptions>(addPasswordOption(revoke), takeBack);
}

async function listAll(context: Context, options: UnlockOptions): Promise<void> {
  const client = await openVault(context, options);
  const invitations = await client.users.invitations({ signal: context.signal });
  const rows = invitations.map(({ id, role, expiresAt, createdBy }) => [id, role, expiresAt, createdBy]);
  context.output.result({ json: invitations, text: listingOf(context.output, columns, rows) });
}

async function takeBack(
  context: Context,
  options: UnlockOptions,
  [id = '']: readonly string[],
): Promise<void> {
  const client = await openVault(context, options);
  await client.users.revokeInvitation(id, { signal: context.signal });
  context.output.result({ json: { state: 'revoked', id }, text: '' });
  context.output.note('The invitation is void.');
}
