/** @file Events of the audit log on the command line: one's own, and for administrators everybody's. */
import type { EventsQuery, Page, SecurityEvent, VaultClient } from '@zkvault/sdk';
import { type Command, InvalidArgumentError } from 'commander';
import type { Bind } from '../command-session.ts';
import { type Context, openVault, type UnlockOptions } from '../context.ts';
import { listingOf } from '../io/listing.ts';
import { addPasswordOption } from './session-options.ts';

interface EventsOptions extends UnlockOptions {
  readonly limit?: number;
  readonly cursor?: string;
}

interface AuditOptions extends EventsOptions {
  readonly action?: string;
  readonly actor?: string;
  readonly subject?: string;
  readonly from?: string;
  readonly to?: string;
}

const columns = [
  { heading: 'WHEN' },
  { heading: 'WHAT' },
  { heading: 'RESULT' },
  { heading: 'FROM' },
  { heading: 'DETAILS', flexible: true },
] as const;

/** Declares `security-events` in a group. */
export function addSecurityEvents(group: Command, bind: Bind): void {
  const command = group
    .command('security-events')
    .summary('what happened to the account')
    .description(
      'Lists what happened to the account, newest first: logins, changes of keys, writes. It is what the server tells.',
    );
  bind<EventsOptions>(addPageOptions(command), async (context, options) => {
    const client = await openVault(context, options);
    show(context, await client.account.securityEvents(queryOf(options), { signal: context.signal }));
  });
}

/** Declares `audit` in a group. */
export function addAudit(group: Command, bind: Bind): void {
  const command = group
    .command('audit')
    .summary('list the audit log')
    .description('Lists what happened on the server, newest first.')
    .option('--action <action>', 'only this, such as login')
    .option('--actor <account-id>', 'only what this account did')
    .option('--subject <account-id>', 'only what was done to this account')
    .option('--from <time>', 'RFC 3339 in UTC, such as 2026-01-31T00:00:00.000Z')
    .option('--to <time>', 'RFC 3339 in UTC; until then, exclusive');
  bind<AuditOptions>(addPageOptions(command), async (context, options) => {
    const client = await openVault(context, options);
    show(context, await readAudit(context, client, options));
  });
}

function readAudit(
  { signal }: Context,
  client: VaultClient,
  options: AuditOptions,
): Promise<Page<SecurityEvent>> {
  const { action, actor, subject, from, to } = options;
  const filters = {
    ...(action !== undefined && { action }),
    ...(actor !== undefined && { actorId: actor }),
    ...(subject !== undefined && { subjectId: subject }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
  return client.server.auditEvents({ ...queryOf(options), ...filters }, { signal });
}

function addPageOptions(command: Command): Command {
  return addPasswordOption(
    command
      .option('--limit <number>', 'how many at most, 1 to 200; 50 by default', parseLimit)
      .option('--cursor <cursor>', 'go on after a page: what it gave as its cursor'),
  );
}

function queryOf({ limit, cursor }: EventsOptions): EventsQuery {
  return { ...(limit !== undefined && { limit }), ...(cursor !== undefined && { cursor }) };
}

function show({ output }: Context, page: Page<SecurityEvent>): void {
  const rows = page.items.map(({ occurredAt, action, outcome, addressPrefix, details }) => [
    occurredAt,
    action,
    outcome,
    addressPrefix ?? '',
    Object.entries(details)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  ]);
  output.result({ json: page, text: listingOf(output, columns, rows) });
  if (page.nextCursor !== null) output.note(`More: --cursor ${page.nextCursor}`);
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!/^\d{1,3}$/.test(text) || limit < 1 || limit > 200)
    throw new InvalidArgumentError('Give a number from 1 to 200.');
  return limit;
}
