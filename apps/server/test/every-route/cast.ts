/**
 * @file Accounts that have one of everything, put into the database without the routes. The one table of
 * fixtures of the tests that walk every route: a path with an id of a kind that is not here fails them.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Role } from '@zkvault/contract';
import { makeVerifiers } from '../../src/features/auth/verifier.ts';
import { makeRefreshTokens } from '../../src/features/sessions/refresh-token.ts';
import { type TestAccount, type TestServer, testKeyRing, testSettings } from '../test-server.ts';
import { anEnvelope } from '../vault-values.ts';
import { guardedOperations, parametersOf } from './operations.ts';

/** An account with one of everything. */
export interface Member extends TestAccount {
  readonly role: Role;
  readonly login: string;
  /** The right one. */
  readonly authKey: string;
  /** Of another session than the access token. */
  readonly refreshToken: string;
  /** The ciphertexts of its wrapped keys, which no token may ever read. */
  readonly wraps: readonly string[];
  /** The id of its thing of each kind; see {@link kinds}. */
  readonly ids: Readonly<Record<string, string>>;
}

/** A kind of thing that paths name by an id. */
interface Kind {
  /** True where a permission lets its holder see everybody's: then somebody else's is there. */
  readonly isShared: boolean;
  /** Makes one for an account. @returns its id. */
  give(server: TestServer, to: Owner): Promise<string>;
}

interface Owner extends TestAccount {
  readonly wrap: ReturnType<typeof anEnvelope>;
  readonly ids: Readonly<Record<string, string>>;
}

/** By the segment of the path before the id, each after those that it needs. */
export const kinds: Readonly<Record<string, Kind>> = {
  users: { isShared: true, give: async (_, { userId }) => userId },
  sessions: { isShared: false, give: (server, { userId }) => insertSession(server, userId) },
  invitations: { isShared: true, give: insertInvitation },
  vaults: { isShared: false, give: insertVault },
  entries: { isShared: false, give: insertEntry },
  'api-keys': { isShared: false, give: insertApiKey },
};

for (const { path, name } of guardedOperations)
  for (const { kind } of parametersOf(path))
    if (kinds[kind] === undefined)
      throw new Error(`${name} takes an id of "${kind}": say in test/every-route/cast.ts how to make one`);

/** Makes members for a server. All have the same key, for password and recovery. */
export async function makeCast(server: TestServer): Promise<(role: Role) => Promise<Member>> {
  const authKey = randomBytes(32);
  const verifiers = makeVerifiers(testKeyRing, testSettings.verifierCost);
  const { verifier, verifierKeyId } = await verifiers.make(authKey);
  return async (role) => {
    const account = await server.givenAccount(role);
    const wrap = anEnvelope();
    const { login } = await server.db
      .updateTable('users')
      .set({ verifier, verifier_key_id: verifierKeyId })
      .where('id', '=', account.userId)
      .returning('login')
      .executeTakeFirstOrThrow();
    await server.db
      .insertInto('recovery_keys')
      .values({
        user_id: account.userId,
        id: randomUUID(),
        verifier,
        verifier_key_id: verifierKeyId,
        wrap_ciphertext: wrap.ciphertext,
        wrap_iv: wrap.iv,
        wrap_tag: wrap.tag,
      })
      .execute();
    const ids: Record<string, string> = {};
    for (const [kind, { give }] of Object.entries(kinds))
      ids[kind] = await give(server, { ...account, wrap, ids });
    return {
      ...account,
      role,
      login,
      authKey: authKey.toString('base64url'),
      refreshToken: await insertRefreshToken(server, account.userId),
      wraps: [wrap.ciphertext],
      ids,
    };
  };
}

async function insertSession({ db }: TestServer, userId: string): Promise<string> {
  const { id } = await db
    .insertInto('sessions')
    .values({
      id: randomUUID(),
      user_id: userId,
      device_id: randomUUID(),
      device_name: 'another device',
      transport: 'body',
      address_prefix: '127.0.0.0/24',
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

async function insertInvitation({ db }: TestServer, { userId }: Owner): Promise<string> {
  const { id } = await db
    .insertInto('invitations')
    .values({
      token_hash: randomBytes(32),
      key_id: 'test',
      role: 'user',
      created_by: userId,
      expires_at: new Date(Date.now() + 86_400_000),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

async function insertRefreshToken(server: TestServer, userId: string): Promise<string> {
  const { token, tokenHash, keyId } = makeRefreshTokens(testKeyRing).make();
  await server.db
    .insertInto('refresh_tokens')
    .values({
      token_hash: tokenHash,
      session_id: await insertSession(server, userId),
      key_id: keyId,
      expires_at: new Date(Date.now() + 86_400_000),
    })
    .execute();
  return token;
}

async function insertVault({ db }: TestServer, { userId, wrap }: Owner): Promise<string> {
  const { id } = await db
    .insertInto('vaults')
    .values({
      id: randomUUID(),
      owner_id: userId,
      integrity: 'none',
      vk_epoch: 1,
      wrap_ciphertext: wrap.ciphertext,
      wrap_iv: wrap.iv,
      wrap_tag: wrap.tag,
      revision: 1,
      seq: 1,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

async function insertApiKey({ db }: TestServer, { userId, wrap, ids }: Owner): Promise<string> {
  const id = randomUUID();
  await db
    .insertInto('api_keys')
    .values({
      id,
      owner_id: userId,
      vault_id: null,
      name: 'a machine',
      may_read: true,
      may_write: true,
      rate_limit: null,
      secret_hash: randomBytes(32),
      key_id: 'test',
      grant_ciphertext: wrap.ciphertext,
      grant_iv: wrap.iv,
      grant_tag: wrap.tag,
      expires_at: null,
    })
    .execute();
  await db
    .insertInto('api_key_wraps')
    .values({
      api_key_id: id,
      vault_id: ids['vaults'] ?? '',
      vk_epoch: 1,
      ...wrap,
    })
    .execute();
  return id;
}

async function insertEntry({ db }: TestServer, { ids }: Owner): Promise<string> {
  const { id } = await db
    .insertInto('entries')
    .values({
      vault_id: ids['vaults'] ?? '',
      id: randomUUID(),
      version: 1,
      vk_epoch: 1,
      schema: 1,
      deleted: false,
      ...anEnvelope(),
      revision: 1,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}
