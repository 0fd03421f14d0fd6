/** @file The way to entries: with an API key where the environment has one, else with the session of this device. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type ApiKeyClient, openWithApiKey, type VaultClient } from '@zkvault/sdk';
import { CliError } from './cli-error.ts';
import { type Context, openVault, type UnlockOptions } from './context.ts';

/** Where an API key comes from. Whatever a command starts does not get them. */
export const API_KEY_VARIABLES = ['ZKVAULT_API_KEY', 'ZKVAULT_API_KEY_FILE'] as const;

/** What commands about entries need of a client, whatever opened it. */
export type EntriesClient = Pick<VaultClient, 'entries' | 'sync'>;

/**
 * Opens the entries: with `ZKVAULT_API_KEY` (or the key in the file that `ZKVAULT_API_KEY_FILE` names), without
 * a login; else as {@link openVault}. `--password-stdin` says that the session is meant.
 *
 * @throws {CliError} `usage` for two keys, or a file that cannot be read; as {@link openVault}.
 */
export async function openEntries(context: Context, options: UnlockOptions): Promise<EntriesClient> {
  if (options.passwordStdin === true) return openVault(context, options);
  const apiKey = await readApiKey(context);
  return apiKey === undefined ? openVault(context, options) : openByKey(context, apiKey);
}

async function openByKey(context: Context, apiKey: string): Promise<ApiKeyClient> {
  const { baseUrl, storage } = await context.findServer();
  return openWithApiKey({ baseUrl, storage, apiKey }, { signal: context.signal });
}

/** The API key of the environment; an empty variable is as good as none. */
async function readApiKey({ terminal }: Context): Promise<string | undefined> {
  const [text = '', path = ''] = API_KEY_VARIABLES.map((name) => terminal.env[name]?.trim());
  if (text !== '' && path !== '')
    throw new CliError('usage', 'ZKVAULT_API_KEY and ZKVAULT_API_KEY_FILE are both set; set one of them');
  if (path === '') return text === '' ? undefined : text;
  try {
    return (await readFile(resolve(terminal.workingDirectory, path), 'utf8')).trim();
  } catch (error) {
    throw new CliError('usage', 'the file that ZKVAULT_API_KEY_FILE names cannot be read', { cause: error });
  }
}
