/** @file A client that has nothing but an API key: no login, no password, no account key. */
import { type ApiKey, decodeApiKey, deriveApiKeyKeys, type PinsKey, wipe } from '@zkvault/crypto-core';
import type { ApiKeyClient, ApiKeyClientOptions } from './api-key-holder.ts';
import { type OpenedApiKey, openApiKey } from './api-key-opening.ts';
import { makeApiKeySession } from './api-key-session.ts';
import { makeVaultCache } from './cache.ts';
import type { Checkpointer } from './checkpoint.ts';
import { deviceIdOf } from './device.ts';
import { makeEntries } from './entries.ts';
import { AuthError } from './errors.ts';
import { makeGate } from './gate.ts';
import type { CallOptions } from './options.ts';
import { openPinBook } from './pins.ts';
import { makeApiKeyCalls } from './session-calls.ts';
import { type Settings, settingsOf } from './settings.ts';
import { memoryStorage } from './storage.ts';
import { apiKeyStorageKeys } from './storage-keys.ts';
import { makeOpenVaults } from './sync.ts';
import { makeTransport, type Transport } from './transport.ts';
import type { Entries } from './vault-client.ts';
import { makeVaultSync } from './vault-sync.ts';

/**
 * Opens the vaults of an API key. Makes one request; entries are fetched on first use.
 *
 * @throws {ProtocolError} `api-key-invalid`: the text is no whole API key, nothing was sent; or the answer is none.
 * @throws {AuthError} `invalid-api-key`: unknown, revoked or expired; `api-key-outdated`: a vault is gone or has
 *   another key now. @throws {IntegrityError} the server gave something else than this key was made for.
 * @throws {RateLimitError} @throws {TransportError} @throws {RangeError} an option is out of bounds.
 */
export async function openWithApiKey(
  { apiKey: text, ...options }: ApiKeyClientOptions,
  callOptions: CallOptions = {},
): Promise<ApiKeyClient> {
  const settings = settingsOf({ ...options, storage: options.storage ?? memoryStorage() });
  const apiKey = decodeApiKey(text);
  const { pinsKey, ...keys } = deriveApiKeyKeys(apiKey.keyHalf);
  wipe(apiKey.keyHalf);
  const transport = makeTransport(settings);
  try {
    const opened = await openApiKey(
      { transport, realm: settings.realm },
      apiKey,
      { ...keys, pinsKey },
      callOptions,
    );
    return await makeClient({ settings, transport, apiKey, opened, pinsKey });
  } catch (error) {
    wipe(pinsKey);
    throw error;
  } finally {
    wipe(...Object.values(keys));
  }
}

interface Material {
  readonly settings: Settings;
  readonly transport: Transport;
  readonly apiKey: ApiKey;
  readonly opened: OpenedApiKey;
  readonly pinsKey: PinsKey;
}

async function makeClient({ settings, transport, apiKey, opened, pinsKey }: Material): Promise<ApiKeyClient> {
  const { realm, storage, now } = settings;
  const { grant } = opened;
  const session = makeApiKeySession(grant, opened.vaultKeys);
  const lock = (): void => {
    session.lock();
    wipe(pinsKey);
  };
  try {
    const storageKeys = apiKeyStorageKeys(realm, grant.keyId);
    const pins = openPinBook(storage, storageKeys.pins, () => {
      session.assertUnlocked();
      return pinsKey;
    });
    // There is no password and no account state here: the grant stands in for them, and never changes.
    const unchanging = { kdfRank: 1, skFlag: 0, akEpoch: 1 } as const;
    await pins.raise({ account: { ...unchanging, accountId: grant.accountId, state: opened.grantMark } });
    const deviceId = await deviceIdOf(storage);
    const gate = makeGate(() => {
      for (const vault of all) vault.forget();
    });
    const calls = makeApiKeyCalls({ transport, apiKey, session, gate });
    const all = grant.vaults.map(({ id }) => {
      const cache = makeVaultCache(storage, (index) => storageKeys.cachePart(id, index));
      return makeVaultSync({ realm, now, session, calls, pins, gate }, id, cache);
    });
    const vaults = makeOpenVaults(session, gate, all);
    const entries = makeEntries({
      session,
      calls,
      gate,
      deviceId,
      now,
      vaults,
      all,
      checkpointer: NO_CHECKPOINTS,
    });
    return {
      keyId: grant.keyId,
      accountId: grant.accountId,
      scopes: grant.scopes,
      entries: grant.scopes.includes('entries:write') ? entries : readOnly(entries),
      sync: (options = {}) => session.run(() => vaults.sync(options)),
      status: async () => vaults.status(await pins.read(), now()),
      resumeAfterIntegrityFailure: () => gate.reopen(),
      close: lock,
    };
  } catch (error) {
    lock();
    throw error;
  }
}

/** Checkpoints are written to the account state, which no API key can reach. */
const NO_CHECKPOINTS: Checkpointer = { advance: async () => {} };

/** The server would refuse these as well; this way nothing is sent. */
function readOnly({ list, get, history }: Entries): Entries {
  return {
    list,
    get,
    history,
    create: refuse,
    createMany: refuse,
    update: refuse,
    delete: refuse,
    restore: refuse,
  };
}

async function refuse(): Promise<never> {
  throw new AuthError('insufficient-scope', 'the API key has not the scope entries:write');
}
