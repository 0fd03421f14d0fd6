/** @file `zkvault api-key`: keys with which programs open the vault, without a login. */
import type { ApiKeyScope, ApiKeySummary, MadeApiKey, VaultClient } from '@zkvault/sdk';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Bind } from '../command-session.ts';
import { type Context, clientForSession, openVault, readPassword, type UnlockOptions } from '../context.ts';
import { printableLine } from '../io/printable.ts';
import { addPasswordOption } from './session-options.ts';

const scopes = {
  read: ['entries:read'],
  write: ['entries:write'],
  'read-write': ['entries:read', 'entries:write'],
} as const satisfies Readonly<Record<string, readonly ApiKeyScope[]>>;

interface CreateOptions extends UnlockOptions {
  readonly scope: keyof typeof scopes;
  readonly vault?: string;
  /** Milliseconds. */
  readonly expiresIn?: number;
  readonly rateLimit?: number;
}

interface RotateOptions extends UnlockOptions {
  /** Milliseconds. */
  readonly overlap?: number;
  /** Milliseconds. */
  readonly expiresIn?: number;
}

/** Declares the commands. */
export function addApiKey(program: Command, bind: Bind): void {
  const group = program
    .command('api-key')
    .summary('keys for programs: create, list, revoke, rotate')
    .description(
      'An API key opens the vault without a login, for continuous integration and other programs: set ZKVAULT_API_KEY to it. Whoever has it can do what it may. Creating and rotating ask for the password again.',
    );
  const create = group
    .command('create')
    .summary('make a key; it is shown this once')
    .description('Makes an API key and shows it once.')
    .argument('<name>', 'what the list calls it')
    .addOption(
      new Option('--scope <scope>', 'what it may do with entries')
        .choices(Object.keys(scopes))
        .default('read'),
    )
    .option('--vault <id>', 'only this vault; all of the account if left out')
    .option('--expires-in <time>', 'how long it is good: 12h, 90d; for ever if left out', parseTime)
    .option('--rate-limit <number>', 'at most so many requests a minute', parseRate);
  bind<CreateOptions>(addPasswordOption(create), createKey);
  const list = group
    .command('list')
    .summary('list the keys')
    .description('Lists the API keys, oldest first.');
  bind<UnlockOptions>(addPasswordOption(list), listKeys);
  const revoke = group
    .command('revoke')
    .summary('end a key, at once')
    .description('Ends an API key, at once.')
    .argument('<id>', 'id of the key');
  bind<UnlockOptions>(addPasswordOption(revoke), revokeKey);
  const rotate = group
    .command('rotate')
    .summary('replace a key; the new one is shown this once')
    .description(
      'Makes an API key like another, which goes on working for the overlap and then dies. A key can be replaced once.',
    )
    .argument('<id>', 'id of the key to replace')
    .option('--overlap <time>', 'how long the old key still works: 0h to 7d; a day if left out', parseTime)
    .option('--expires-in <time>', 'how long the new key is good: 12h, 90d; for ever if left out', parseTime);
  bind<RotateOptions>(addPasswordOption(rotate), rotateKey);
}

async function createKey(
  context: Context,
  options: CreateOptions,
  [name = '']: readonly string[],
): Promise<void> {
  const { client, password } = await open(context, options);
  const { scope, vault, expiresIn, rateLimit } = options;
  const made = await client.apiKeys.create(
    {
      password,
      name,
      scopes: scopes[scope],
      ...(vault !== undefined && { vaultId: vault }),
      ...(expiresIn !== undefined && { expiresAt: inTime(expiresIn) }),
      ...(rateLimit !== undefined && { rateLimit }),
    },
    { signal: context.signal },
  );
  show(context, made);
}

async function rotateKey(
  context: Context,
  options: RotateOptions,
  [id = '']: readonly string[],
): Promise<void> {
  const { client, password } = await open(context, options);
  const { overlap, expiresIn } = options;
  const made = await client.apiKeys.rotate(
    {
      password,
      id,
      ...(overlap !== undefined && { overlapSeconds: overlap / 1_000 }),
      ...(expiresIn !== undefined && { expiresAt: inTime(expiresIn) }),
    },
    { signal: context.signal },
  );
  show(context, made);
}

/** Opens the vault with the password, which a new key has to prove once more. */
async function open(
  context: Context,
  options: UnlockOptions,
): Promise<{ readonly client: VaultClient; readonly password: string }> {
  const client = await clientForSession(context);
  const password = await readPassword(context, options);
  await client.unlock({ password }, { signal: context.signal });
  return { client, password };
}

function show(context: Context, { apiKey, token }: MadeApiKey): void {
  context.output.result({ json: { ...apiKey, token }, text: token });
  const where = apiKey.vaultId === null ? 'all vaults' : `the vault ${apiKey.vaultId}`;
  context.output.note(
    `Keep the key above: it is not shown again. It is ${apiKey.id}, for ${where}, may ${apiKey.scopes.join(' and ')}, and expires ${apiKey.expiresAt ?? 'never'}. Programs take it as ZKVAULT_API_KEY.`,
  );
}

async function listKeys(context: Context, options: UnlockOptions): Promise<void> {
  const client = await openVault(context, options);
  const keys = await client.apiKeys.list({ signal: context.signal });
  context.output.result({ json: keys, text: keys.map(lineOf).join('\n') });
}

async function revokeKey(
  context: Context,
  options: UnlockOptions,
  [id = '']: readonly string[],
): Promise<void> {
  const client = await openVault(context, options);
  await client.apiKeys.revoke(id, { signal: context.signal });
  context.output.result({ json: { state: 'revoked', id }, text: '' });
  context.output.note(`The API key ${printableLine(id)} is revoked.`);
}

function lineOf(key: ApiKeySummary): string {
  const { id, name, scopes: may, vaultId, expiresAt, lastUsedAt, replacedBy } = key;
  const columns = [id, name, may.join(','), vaultId ?? 'all', expiresAt ?? 'never', lastUsedAt ?? 'unused'];
  return [...columns, replacedBy === null ? '' : `replaced by ${replacedBy}`].map(printableLine).join('\t');
}

function inTime(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

const unitsMs: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000 };

function parseTime(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([hd])$/.exec(text) ?? [];
  const timeMs = Number(count) * (unitsMs[unit] ?? Number.NaN);
  if (Number.isNaN(timeMs)) throw new InvalidArgumentError('Give a number and h or d.');
  return timeMs;
}

function parseRate(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('Give a number from 1 to 1000000.');
  return Number(text);
}
