/** @file `zkvault status`: says what is known on this device, without asking the server. */
import type { ClientStatus } from '@zkvault/sdk';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Bind } from '../command-session.ts';
import type { Context } from '../context.ts';
import { printableLine } from '../io/printable.ts';

/** Declares the command. */
export function addStatus(program: Command, bind: Bind): void {
  bind<object>(
    program
      .command('status')
      .summary('logged in? unlocked? how fresh?')
      .description('Says what is known on this device, without asking the server. Exits 0 in every state.'),
    status,
  );
}

async function status(context: Context): Promise<void> {
  const { known, locksInMs } = await findStatus(context);
  const { state, baseUrl, login, accountId, vaults } = known;
  const locksInSeconds = locksInMs === undefined ? null : Math.ceil(locksInMs / 1000);
  const rows: (readonly [string, string])[] = [
    ['state', state],
    ['server', baseUrl],
    ['login', login ?? ''],
    ['account', accountId ?? ''],
    ['locks in', locksInSeconds === null ? '' : `${Math.ceil(locksInSeconds / 60)} min`],
    ...vaults.map((vault) => ['vault', describeVault(vault)] as const),
  ];
  const filled = rows.filter(([, text]) => text !== '');
  const { isTerminal, paint } = context.output;
  context.output.result({
    json: { state, baseUrl, login: login ?? null, accountId: accountId ?? null, locksInSeconds, vaults },
    text: filled
      .map(([label, text]) =>
        isTerminal
          ? `${paint('label', label.padEnd(8))}  ${paintState(context, printableLine(text))}`
          : `${label}\t${printableLine(text)}`,
      )
      .join('\n'),
  });
}

async function findStatus(
  context: Context,
): Promise<{ readonly known: ClientStatus; readonly locksInMs: number | undefined }> {
  const client = await context.makeClient().catch((error: unknown) => {
    if (error instanceof CliError && error.code === 'no-server') return undefined;
    throw error;
  });
  if (client === undefined)
    return { known: { state: 'logged-out', baseUrl: '', vaults: [] }, locksInMs: undefined };
  const known = await client.status();
  if (known.state === 'logged-out') return { known, locksInMs: undefined };
  const agent = await context.findAgent();
  const unlockKey = await agent.findKey({ peek: true });
  if (unlockKey === undefined) return { known, locksInMs: undefined };
  try {
    await client.unlock({ unlockKey });
    return { known: await client.status(), locksInMs: await agent.findEndsInMs() };
  } catch {
    // A key that does not fit (any more) leaves the vault as locked as none.
    return { known, locksInMs: undefined };
  } finally {
    unlockKey.fill(0);
    client.lock();
  }
}

function describeVault(vault: ClientStatus['vaults'][number]): string {
  if (vault.seq === null) return 'never synced on this device';
  const known = `${vault.entryCount ?? 0} entries, verified up to commit ${vault.seq} at ${vault.lastVerifiedAt ?? '?'} (${vault.freshness})`;
  return vault.stale
    ? `${known}; no news since ${vault.lastCommitAt ?? '?'}: if another device wrote since, the server keeps it from you`
    : known;
}

function paintState(context: Context, text: string): string {
  if (text === 'unlocked') return context.output.paint('good', text);
  return text === 'locked' || text === 'logged-out' ? context.output.paint('bad', text) : text;
}
