/** @file `zkvault admin users`: what administrators do to other accounts. */
import type { ManagedUser, VaultClient } from '@zkvault/sdk';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Bind } from '../command-session.ts';
import { type Context, openVault, type UnlockOptions } from '../context.ts';
import { listingOf } from '../io/listing.ts';
import { printableLine } from '../io/printable.ts';
import { addAdminInvitations } from './admin-invitations.ts';
import { addAdminServer } from './admin-server.ts';
import { addAudit } from './events.ts';
import { addPasswordOption } from './session-options.ts';

const roles = ['admin', 'moderator', 'user', 'viewer'] as const;
type Role = (typeof roles)[number];

const columns = [
  { heading: 'ID' },
  { heading: 'LOGIN', flexible: true },
  { heading: 'ROLE' },
  { heading: 'STATE' },
  { heading: 'SINCE' },
] as const;

interface InviteOptions extends UnlockOptions {
  readonly role?: Role;
  readonly hours?: number;
}

/** Declares the commands. */
export function addAdmin(program: Command, bind: Bind): void {
  const admin = program.command('admin').summary('for administrators of the server');
  addAdminInvitations(admin, bind);
  addAdminServer(admin, bind);
  addAudit(admin, bind);
  const users = admin.command('users').summary('list, invite, raise, stop and delete accounts');
  const declare = (name: string, summary: string): Command =>
    addPasswordOption(users.command(name).summary(summary).description(`${summary}.`));

  bind<UnlockOptions>(declare('list', 'List all accounts, oldest first'), listUsers);
  bind<InviteOptions>(
    declare('invite', 'Make an invitation, for one registration; it is shown this once')
      .addOption(new Option('--role <role>', 'what the account will be').choices(roles).default('user'))
      .option('--hours <hours>', 'how long it is good, 1 to 720; a week by default', parseHours),
    invite,
  );
  bind<UnlockOptions>(
    declare('set-role', 'Give an account a role, at once')
      .argument('<user>', 'login or id')
      .argument('<role>', roles.join(', ')),
    (context, options, [user = '', role = '']) =>
      change(context, options, user, (client, id) => client.users.setRole(id, roleOf(role))),
  );
  for (const [name, summary, isActive] of [
    ['deactivate', 'Stop an account and end its sessions', false],
    ['activate', 'Start an account again', true],
  ] as const)
    bind<UnlockOptions>(declare(name, summary).argument('<user>', 'login or id'), (context, options, words) =>
      change(context, options, words[0] ?? '', (client, id) => client.users.setActive(id, isActive)),
    );
  bind<UnlockOptions & { readonly yes?: boolean }>(
    declare('delete', 'Delete an account and every entry in it')
      .argument('<user>', 'login or id')
      .requiredOption('--yes', 'say that this is meant'),
    deleteUser,
  );
}

async function listUsers(context: Context, options: UnlockOptions): Promise<void> {
  const client = await openVault(context, options);
  const users = await client.users.list({ signal: context.signal });
  context.output.result({ json: users, text: listingOf(context.output, columns, users.map(cellsOf)) });
}

async function invite(context: Context, { role, hours, ...options }: InviteOptions): Promise<void> {
  const client = await openVault(context, options);
  const wish = { ...(role !== undefined && { role }), ...(hours !== undefined && { expiresInHours: hours }) };
  const invitation = await client.users.invite(wish, { signal: context.signal });
  context.output.result({ json: invitation, text: invitation.token });
  context.output.note(
    `For one registration as ${invitation.role}, until ${printableLine(invitation.expiresAt)}: zkvault register --invitation-stdin`,
  );
}

async function change(
  context: Context,
  options: UnlockOptions,
  user: string,
  act: (client: VaultClient, id: string) => Promise<ManagedUser>,
): Promise<void> {
  const client = await openVault(context, options);
  const changed = await act(client, (await findUser(context, client, user)).id);
  context.output.result({ json: changed, text: listingOf(context.output, columns, [cellsOf(changed)]) });
}

async function deleteUser(context: Context, options: UnlockOptions, words: readonly string[]): Promise<void> {
  const client = await openVault(context, options);
  const user = await findUser(context, client, words[0] ?? '');
  await client.users.delete(user.id, { signal: context.signal });
  context.output.result({ json: { state: 'deleted', id: user.id, login: user.login }, text: '' });
  context.output.note(`The account ${printableLine(user.login)} is deleted.`);
}

/** An account by its id, or by its whole login. */
async function findUser(context: Context, client: VaultClient, word: string): Promise<ManagedUser> {
  const wanted = word.trim().toLowerCase();
  const users = await client.users.list({ signal: context.signal });
  const found = users.find(({ id, login }) => id === wanted || login === wanted);
  if (found === undefined)
    throw new CliError('not-found', 'there is no such account; see zkvault admin users list');
  return found;
}

function cellsOf({ id, login, role, isActive, createdAt }: ManagedUser): string[] {
  return [id, login, role, isActive ? 'active' : 'stopped', createdAt];
}

function roleOf(text: string): Role {
  const role = roles.find((known) => known === text);
  if (role === undefined) throw new CliError('usage', `the role must be one of ${roles.join(', ')}`);
  return role;
}

function parseHours(text: string): number {
  const hours = Number(text);
  if (!/^\d{1,3}$/.test(text) || hours < 1 || hours > 720)
    throw new InvalidArgumentError('Give a number from 1 to 720.');
  return hours;
}
