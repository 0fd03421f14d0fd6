/** @file What every command works with: settings, streams, state, and the way to an open vault. */
import { createVaultClient, UnlockError, type VaultClient, type VaultClientOptions } from '@zkvault/sdk';
import { nativeKdf } from '@zkvault/sdk/node';
import { type Agent, makeAgent } from './agent/agent-client.ts';
import { DEFAULT_TIMEOUT_MS } from './agent/agent-protocol.ts';
import { CliError } from './cli-error.ts';
import { makeOutput, type Output } from './io/output.ts';
import { makeQuestions, type Questions } from './io/secrets.ts';
import type { Terminal } from './io/terminal.ts';
import { openState, type State } from './platform/state.ts';
import { findAgentAddress, findStateDirectory } from './platform/state-directory.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly baseUrl?: string;
  readonly profileDir?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** False with `--no-color`. */
  readonly color: boolean;
}

/** What a command works with. */
export interface Context {
  readonly output: Output;
  readonly questions: Questions;
  readonly state: State;
  readonly terminal: Terminal;
  /** Ends requests when the user presses Ctrl-C. */
  readonly signal: AbortSignal;
  /** The background process that keeps the vault unlocked. */
  findAgent(): Promise<Agent>;
  /** The chosen server, and where a client of it keeps things. @throws {CliError} `usage`: no server is known. */
  findServer(): Promise<Pick<VaultClientOptions, 'baseUrl' | 'storage'>>;
  /** A client of the chosen server, locked. @throws {CliError} `usage`: no server is known. */
  makeClient(): Promise<VaultClient>;
}

/** Makes the context of one run. */
export function makeContext(terminal: Terminal, options: GlobalOptions, signal: AbortSignal): Context {
  const directory = findStateDirectory(
    options.profileDir ?? terminal.env['ZKVAULT_HOME'],
    terminal.workingDirectory,
  );
  const state = openState(directory);
  const findServer = async () => {
    const baseUrl = options.baseUrl ?? terminal.env['ZKVAULT_URL'] ?? (await state.readProfile()).baseUrl;
    if (baseUrl === undefined || baseUrl === '')
      throw new CliError('usage', 'no server is known; give --base-url URL once, or set ZKVAULT_URL', {
        code: 'no-server',
      });
    return { baseUrl, storage: state.vaultStorage };
  };
  return {
    terminal,
    signal,
    state,
    output: makeOutput(terminal, {
      json: options.json === true,
      quiet: options.quiet === true,
      color: options.color,
    }),
    questions: makeQuestions(terminal),
    findAgent: async () => makeAgent(await findAgentAddress(directory, terminal.env)),
    findServer,
    async makeClient() {
      const settings: VaultClientOptions = {
        ...(await findServer()),
        kdf: nativeKdf,
        deviceName: 'zkvault command line',
      };
      return createVaultClient(settings);
    },
  };
}

/** What commands that need an open vault take. */
export interface UnlockOptions {
  readonly passwordStdin?: boolean;
}

/**
 * Gives an unlocked client: with the password from standard input if that was asked for, else with the agent's
 * key, else with the password from a prompt, for this command alone.
 *
 * @throws {CliError} `not-logged-in` or `locked`.
 */
export async function openVault(context: Context, options: UnlockOptions): Promise<VaultClient> {
  const client = await clientForSession(context);
  if (options.passwordStdin === true) {
    await client.unlock({ password: await readPassword(context, options) }, { signal: context.signal });
    return client;
  }
  const unlockKey = await (await context.findAgent()).findKey();
  if (unlockKey !== undefined) {
    try {
      await client.unlock({ unlockKey }, { signal: context.signal });
    } catch (error) {
      // The agent holds the key of another account, or of this one before its keys were changed.
      if (!(error instanceof UnlockError)) throw error;
      throw new CliError('locked', 'the vault is locked for this account; run zkvault unlock', {
        cause: error,
      });
    } finally {
      unlockKey.fill(0);
    }
    return client;
  }
  if (!context.questions.canAsk) throw new CliError('locked', 'the vault is locked; run zkvault unlock');
  await client.unlock({ password: await readPassword(context, options) }, { signal: context.signal });
  return client;
}

/**
 * A client of the account that this device is logged in with, locked. Whoever has no server remembered was
 * never logged in, which is the more helpful thing to say.
 *
 * @throws {CliError} `not-logged-in`.
 */
export async function clientForSession(context: Context): Promise<VaultClient> {
  const client = await context.makeClient().catch((error: unknown) => {
    if (error instanceof CliError && error.code === 'no-server')
      throw new CliError('not-logged-in', 'not logged in; run zkvault login --base-url URL', {
        code: 'logged-out',
        cause: error,
      });
    throw error;
  });
  if ((await client.status()).state === 'logged-out')
    throw new CliError('not-logged-in', 'not logged in; run zkvault login', { code: 'logged-out' });
  return client;
}

/** The account's password: a line of standard input, or from a prompt. @throws {CliError} `usage`. */
export async function readPassword(
  context: Context,
  options: UnlockOptions & { readonly message?: string },
): Promise<string> {
  if (options.passwordStdin !== true) {
    if (context.questions.canAsk) return await context.questions.askSecret(options.message ?? 'Password');
    throw new CliError('usage', 'the password is needed: use a terminal, or --password-stdin');
  }
  const line = await context.questions.stdin.next();
  if (line === undefined || line === '') throw new CliError('usage', 'standard input has no password in it');
  return line;
}

/** Leaves the vault unlocked for other commands. */
export async function keepUnlocked(context: Context, client: VaultClient, timeoutMs?: number): Promise<void> {
  const agent = await context.findAgent();
  const unlockKey = client.exportUnlockKey();
  try {
    await agent.start(unlockKey, timeoutMs ?? DEFAULT_TIMEOUT_MS);
  } finally {
    unlockKey.fill(0);
  }
}
