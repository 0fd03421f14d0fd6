/** @file `zkvault admin stats` and `zkvault admin settings`: the server as a whole. */
import type { SettingsChange, VaultClient } from '@zkvault/sdk';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { type Bind, collect } from '../command-session.ts';
import { type Context, openVault, type UnlockOptions } from '../context.ts';
import { listingOf } from '../io/listing.ts';
import { addPasswordOption } from './session-options.ts';

interface SettingsOptions extends UnlockOptions {
  readonly registration?: string;
  readonly passwordPolicy?: string;
  readonly lockout?: string;
  readonly rateLimit?: readonly string[];
}

type Kind = keyof NonNullable<SettingsChange['rateLimits']>;

const kinds = ['default', 'session', 'login', 'register', 'refresh'] as const satisfies readonly Kind[];
const columns = [{ heading: 'WHAT' }, { heading: 'VALUE' }] as const;
const DEFAULT = 'default';

/** Declares the commands in the group of administrators. */
export function addAdminServer(admin: Command, bind: Bind): void {
  const stats = admin
    .command('stats')
    .summary('how much there is of everything')
    .description('Counts accounts, sessions, vaults, entries and open invitations.');
  bind<UnlockOptions>(addPasswordOption(stats), async (context, options) => {
    const client = await openVault(context, options);
    show(context, await client.server.stats({ signal: context.signal }));
  });
  const settings = admin
    .command('settings')
    .summary('show the settings of the server, or change them')
    .description(
      'Shows the settings as they hold now. With options it changes them first, for every server of the same database; "default" goes back to what the environment of the server says.',
    )
    .option('--registration <mode>', 'open, invitation or default')
    .option(
      '--password-policy <policy>',
      'advice for new passwords: LENGTH/SCORE/classes, LENGTH/SCORE/any, or default',
    )
    .option('--lockout <rule>', 'FAILURES/MINUTES, or default')
    .option(
      '--rate-limit <kind=limit>',
      `${kinds.join(', ')}; such as login=5/minute, login=off, login=default; may be repeated`,
      collect,
    );
  bind<SettingsOptions>(addPasswordOption(settings), changeAndShow);
}

async function changeAndShow(context: Context, options: SettingsOptions): Promise<void> {
  const change = changeOf(options);
  const client = await openVault(context, options);
  show(context, await settle(context, client, change));
}

function settle({ signal }: Context, client: VaultClient, change: SettingsChange) {
  return Object.keys(change).length === 0
    ? client.server.settings({ signal })
    : client.server.changeSettings(change, { signal });
}

function changeOf({ registration, passwordPolicy, lockout, rateLimit }: SettingsOptions): SettingsChange {
  return {
    ...(registration !== undefined && { registration: registrationOf(registration) }),
    ...(passwordPolicy !== undefined && { password: passwordOf(passwordPolicy) }),
    ...(lockout !== undefined && { lockout: lockoutOf(lockout) }),
    ...(rateLimit !== undefined && { rateLimits: Object.fromEntries(rateLimit.map(rateLimitOf)) }),
  };
}

function registrationOf(text: string): 'open' | 'invitation' | null {
  if (text === DEFAULT) return null;
  if (text === 'open' || text === 'invitation') return text;
  throw new CliError('usage', 'the registration is open, invitation or default');
}

function passwordOf(text: string): NonNullable<SettingsChange['password']> | null {
  if (text === DEFAULT) return null;
  const [, length, score, classes] = /^(\d{1,4})\/([0-4])\/(classes|any)$/.exec(text) ?? [];
  if (length === undefined)
    throw new CliError('usage', 'the password policy is such as 12/3/any, 20/3/classes, or default');
  return { minLength: Number(length), minScore: Number(score), requireClasses: classes === 'classes' };
}

function lockoutOf(text: string): NonNullable<SettingsChange['lockout']> | null {
  if (text === DEFAULT) return null;
  const [, failures, minutes] = /^(\d{1,3})\/(\d{1,4})$/.exec(text) ?? [];
  if (failures === undefined) throw new CliError('usage', 'the lockout is such as 5/15, or default');
  return { maxFailedLogins: Number(failures), minutes: Number(minutes) };
}

function rateLimitOf(text: string): readonly [Kind, string | null] {
  const [name = '', limit = ''] = text.split('=', 2);
  const kind = kinds.find((known) => known === name);
  if (kind === undefined || limit === '')
    throw new CliError('usage', `a rate limit is such as login=5/minute; the kinds are ${kinds.join(', ')}`);
  return [kind, limit === DEFAULT ? null : limit];
}

function show({ output }: Context, value: object): void {
  output.result({ json: value, text: listingOf(output, columns, flatten(value)) });
}

/** Names with dots, and their values. */
function flatten(value: object, prefix = ''): string[][] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    typeof inner === 'object' && inner !== null
      ? flatten(inner, `${prefix}${name}.`)
      : [[`${prefix}${name}`, String(inner)]],
  );
}
