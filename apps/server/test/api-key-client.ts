/** @file An account and its API keys for tests, through the routes; the credentials are made as a client makes them. */
import { createHash, randomUUID } from 'node:crypto';
import type { ApiKey, BodyOf, createApiKey } from '@zkvault/contract';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { authClient, aWrap, someBytes } from './auth-client.ts';
import type { TestServer } from './test-server.ts';
import { mustBe } from './vault-api.ts';
import { anEnvelope, aVault } from './vault-values.ts';

/** A key as its holder has it; its key half is of no use here. */
export interface GivenApiKey {
  readonly id: string;
  readonly credential: string;
}

/** An account with a session, a plain vault (its default one) and one with manifests. */
export interface KeyOwner {
  readonly accountId: string;
  readonly authKey: string;
  readonly plainVault: string;
  readonly manifestVault: string;
  /** Sends as the account. @param path below `/api/v1`. */
  send(method: Method, path: string, payload?: object): Promise<LightMyRequestResponse>;
  /** The parts of a new key, and what its holder will show. */
  parts(vaultIds?: readonly string[]): Parts;
  /** The body that makes a key for all vaults, and what is changed in it. */
  wish(change?: object): BodyOf<typeof createApiKey>;
  /** Makes a key, and fails if that is refused. */
  givenKey(change?: object): Promise<GivenApiKey & { readonly answer: ApiKey }>;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
type Parts = Pick<BodyOf<typeof createApiKey>, 'id' | 'digest' | 'wraps' | 'grant'> & {
  readonly credential: string;
};

/** SHA-256 of a credential, as a client computes it. */
export function digestOf(credential: string): string {
  return createHash('sha256').update(credential).digest('base64url');
}

/** Registers an account, logs in, and makes its vaults. */
export async function givenKeyOwner(server: TestServer): Promise<KeyOwner> {
  const client = authClient(server.app);
  const { accountId, authKey, login } = await client.givenAccount();
  const { accessToken, vaults } = await client.givenLogin({ login, authKey });
  const plainVault = vaults[0]?.id ?? '';
  const send = (method: Method, path: string, payload?: object) =>
    server.app.inject({
      method,
      url: `/api/v1${path}`,
      headers: { authorization: `Bearer ${accessToken}` },
      ...(payload === undefined ? {} : { payload }),
    });
  const vault = aVault('manifest');
  mustBe(201, await send('POST', '/vaults', { vault }));
  const owner: KeyOwner = {
    accountId,
    authKey,
    plainVault,
    manifestVault: vault.id,
    send,
    parts(vaultIds = [vault.id]) {
      const id = randomUUID();
      const credential = `zkv_${id}_${someBytes(32)}`;
      const wraps = vaultIds.map((vaultId) => ({ vaultId, vkEpoch: 1, wrap: aWrap() }));
      return { id, credential, digest: digestOf(credential), wraps, grant: anEnvelope(400) };
    },
    wish(change = {}) {
      const { credential: _kept, ...parts } = owner.parts();
      return { authKey, name: 'CI', scopes: ['entries:read', 'entries:write'], ...parts, ...change };
    },
    async givenKey(change = {}) {
      const { credential, ...parts } = owner.parts();
      const made = await send('POST', '/api-keys', owner.wish({ ...parts, ...change }));
      return { id: parts.id, credential, answer: mustBe(201, made).json<ApiKey>() };
    },
  };
  return owner;
}

/** Sends with an API key. @param path below `/api/v1`. */
export function sendWithKey(
  server: TestServer,
  credential: string,
  [method, path]: readonly [method: Method, path: string],
  options: Pick<InjectOptions, 'payload' | 'headers'> = {},
): Promise<LightMyRequestResponse> {
  const { headers, ...rest } = options;
  return server.app.inject({
    method,
    url: `/api/v1${path}`,
    ...rest,
    headers: { 'x-api-key': credential, ...headers },
  });
}
