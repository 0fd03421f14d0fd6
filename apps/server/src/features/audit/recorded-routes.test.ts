/**
 * Every route that changes something leaves its row, and changes nothing where the row cannot be written.
 * The list is made from the contract: a new route fails here until it is recorded or named as exempt.
 */
import { randomUUID } from 'node:crypto';
import { allRoutes, type Problem } from '@zkvault/contract';
import type { LightMyRequestResponse } from 'fastify';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { giveAccountState } from '../../../test/account-state.ts';
import { auditRows } from '../../../test/audit-rows.ts';
import { authClient, aWrap, type Credentials, someBytes } from '../../../test/auth-client.ts';
import { recoveryClient } from '../../../test/recovery-client.ts';
import { secondFactorClient, seedOf } from '../../../test/second-factor-client.ts';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';
import { anEnvelope, aPut, aVault } from '../../../test/vault-values.ts';

let server: TestServer;
let client: ReturnType<typeof authClient>;

beforeAll(async () => {
  server = await startTestServer();
  client = authClient(server.app);
});
afterAll(() => server.close());

/** Routes with a method that changes things, which are not recorded, and why. */
const exempt: Readonly<Record<string, string>> = {
  prelogin: 'it reads',
  refresh: 'a renewal each quarter of an hour says nothing that the session does not; a reuse is recorded',
  stageEntries: 'nobody reads what is staged until replaceVault, which is recorded',
  replaceAccountState: 'a checkpoint after each sync, of a document that only its owner can read',
};

interface Account extends Credentials {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly sessionId: string;
  readonly vaultId: string;
}

interface Request {
  readonly url: string;
  readonly method?: 'PUT' | 'DELETE';
  readonly body?: object;
}

/** What a route's success must leave, and a request that succeeds. */
interface Recorded {
  readonly action: string;
  prepare?(account: Account): Promise<void>;
  request(account: Account): Request | Promise<Request>;
  readonly headers?: Readonly<Record<string, string>>;
}

const entryId = randomUUID();
const createEntry = (account: Account): Promise<unknown> =>
  send(account, { url: '/entries', body: { id: entryId, ...anEnvelope() } });

const recorded: Readonly<Record<string, Recorded>> = {
  register: { action: 'register', request: () => ({ url: '/auth/register', body: client.registration() }) },
  login: { action: 'login', request: (of) => ({ url: '/auth/login', body: client.loginBody(of) }) },
  logout: { action: 'logout', request: () => ({ url: '/auth/logout', body: {} }) },
  logoutAll: { action: 'logout-all', request: () => ({ url: '/auth/logout-all', body: {} }) },
  revokeSession: {
    action: 'session-revoked',
    request: (of) => ({ url: `/auth/sessions/${of.sessionId}`, method: 'DELETE' }),
  },
  rekey: {
    action: 'rekey',
    request: (of) => ({
      url: '/auth/rekey',
      body: { authKey: of.authKey, newProfile: 1, newSalt: someBytes(16), newAuthKey: someBytes(32) },
    }),
  },
  getKeyMaterial: {
    action: 'key-material',
    request: (of) => ({ url: '/auth/key-material', body: { authKey: of.authKey } }),
  },
  rotateKeys: {
    action: 'keys-rotated',
    prepare: async ({ accountId }) => giveAccountState(server.db, accountId),
    request: (of) => ({
      url: '/auth/rotate-keys',
      body: {
        authKey: of.authKey,
        akEpoch: 2,
        wrap: aWrap(),
        accountState: { ...aWrap(), seq: 1 },
        ifSeq: 0,
        vaults: [],
        recovery: null,
      },
    }),
  },
  enrolRecovery: {
    action: 'recovery-enrolled',
    request: (of) => ({
      url: '/auth/recovery',
      method: 'PUT',
      body: { authKey: of.authKey, recovery: recoveryClient(client).aRecovery() },
    }),
  },
  removeRecovery: {
    action: 'recovery-removed',
    prepare: async (of) => void (await enrol(of)),
    request: (of) => ({ url: '/auth/recovery', method: 'DELETE', body: { authKey: of.authKey } }),
  },
  recover: {
    action: 'recover',
    prepare: async (of) => void (await enrol(of)),
    request: (of) => ({ url: '/auth/recover', body: { login: of.login, recoveryAuthKey: of.authKey } }),
  },
  completeRecovery: {
    action: 'recovered',
    prepare: async (of) => void (await enrol(of)),
    request: async (of) => {
      const { recoveryToken } = await recoveryClient(client).givenRecovery(of.login, of.authKey);
      const none = { newWrap: undefined, newAccountState: undefined, ifSeq: undefined };
      return { url: '/auth/recover/rekey', body: recoveryClient(client).rekeyBody(recoveryToken, none) };
    },
  },
  createVault: {
    action: 'vault-created',
    request: () => ({ url: '/vaults', body: { vault: aVault('none') } }),
  },
  replaceVault: {
    action: 'vault-replaced',
    request: (of) => ({ url: `/vaults/${of.vaultId}`, method: 'PUT', body: { vkEpoch: 2, wrap: aWrap() } }),
  },
  deleteVault: {
    action: 'vault-deleted',
    request: (of) => ({ url: `/vaults/${of.vaultId}`, method: 'DELETE' }),
  },
  commitVault: {
    action: 'commit',
    request: (of) => ({
      url: `/vaults/${of.vaultId}/commits`,
      body: { baseSeq: 0, operations: [aPut(randomUUID(), 1), aPut(randomUUID(), 1)] },
    }),
  },
  createEntry: { action: 'commit', request: () => ({ url: '/entries', body: anEnvelope() }) },
  replaceEntry: {
    action: 'commit',
    prepare: async (of) => void (await createEntry(of)),
    request: () => ({ url: `/entries/${entryId}`, method: 'PUT', body: anEnvelope() }),
    headers: { 'if-match': '"1"' },
  },
  deleteEntry: {
    action: 'commit',
    prepare: async (of) => void (await createEntry(of)),
    request: () => ({ url: `/entries/${entryId}`, method: 'DELETE' }),
    headers: { 'if-match': '"1"' },
  },
  setUpSecondFactor: {
    action: 'second-factor-setup',
    request: (of) => ({ url: '/auth/2fa/setup', body: { authKey: of.authKey } }),
  },
  verifySecondFactor: {
    action: 'second-factor-verify',
    prepare: async (of) => void seeds.set(of.accountId, await setUpFactor(of)),
    request: async (of) => ({ url: '/auth/2fa/verify', body: await confirmation(of) }),
  },
  renewRecoveryCodes: {
    action: 'second-factor-recovery-codes',
    prepare: confirmFactor,
    request: (of) => ({ url: '/auth/2fa/recovery-codes', body: { authKey: of.authKey } }),
  },
  createApiKey: {
    action: 'api-key-created',
    request: (of) => ({ url: '/api-keys', body: anApiKey(of) }),
  },
  rotateApiKey: {
    action: 'api-key-rotated',
    request: async (of) => {
      const { name: _name, scopes: _scopes, ...parts } = anApiKey(of);
      return { url: `/api-keys/${await givenApiKey(of)}/rotate`, body: parts };
    },
  },
  deleteApiKey: {
    action: 'api-key-revoked',
    request: async (of) => ({ url: `/api-keys/${await givenApiKey(of)}`, method: 'DELETE' }),
  },
  updateOwnUser: {
    action: 'profile-changed',
    request: () => ({ url: '/users/me', method: 'PUT', body: { fullName: 'Ada' } }),
  },
  deleteOwnUser: {
    action: 'account-deleted',
    request: (of) => ({ url: '/users/me', method: 'DELETE', body: { authKey: of.authKey } }),
  },
  createInvitation: {
    action: 'invited',
    prepare: raise,
    request: () => ({ url: '/users', body: { role: 'viewer' } }),
  },
  revokeInvitation: {
    action: 'invitation-revoked',
    prepare: async (of) => {
      await raise(of);
      const response = await send(of, { url: '/users', body: {} });
      invitationId = response.json<{ id: string }>().id;
    },
    request: () => ({ url: `/invitations/${invitationId}`, method: 'DELETE' }),
  },
  updateUser: {
    action: 'user-changed',
    prepare: raise,
    request: async () => ({
      url: `/users/${(await client.givenAccount()).accountId}`,
      method: 'PUT',
      body: { isActive: false },
    }),
  },
  deleteUser: {
    action: 'user-deleted',
    prepare: raise,
    request: async () => ({ url: `/users/${(await client.givenAccount()).accountId}`, method: 'DELETE' }),
  },
  updateServerSettings: {
    action: 'settings-changed',
    prepare: raise,
    request: () => ({ url: '/admin/config', body: { registration: 'open' } }),
  },
  disableSecondFactor: {
    action: 'second-factor-disable',
    prepare: confirmFactor,
    request: (of) => ({ url: '/auth/2fa', method: 'DELETE', body: { authKey: of.authKey } }),
  },
};

/** Enrols a recovery key, whose proof is the account's own key: these tests need no other. */
function enrol(account: Account): Promise<LightMyRequestResponse> {
  const recovery = { ...recoveryClient(client).aRecovery(), authKey: account.authKey };
  return send(account, {
    url: '/auth/recovery',
    method: 'PUT',
    body: { authKey: account.authKey, recovery },
  });
}

/** A key for the vaults of an account that has none with manifests. */
function anApiKey({ authKey }: Account) {
  const [id, digest] = [randomUUID(), someBytes(32)];
  return { authKey, id, name: 'CI', scopes: ['entries:read'], digest, wraps: [] };
}

async function givenApiKey(account: Account): Promise<string> {
  const body = anApiKey(account);
  await send(account, { url: '/api-keys', body });
  return body.id;
}

/** Makes the account an administrator, and its session one of an administrator. */
async function raise(account: Account): Promise<void> {
  await server.db.updateTable('users').set({ role: 'admin' }).where('id', '=', account.accountId).execute();
  Object.assign(account, await client.givenLogin(account));
}

let invitationId = '';
const seeds = new Map<string, Uint8Array>();

async function setUpFactor(account: Account): Promise<Uint8Array> {
  const response = await send(account, { url: '/auth/2fa/setup', body: { authKey: account.authKey } });
  return seedOf(response.json<{ secret: string }>().secret);
}

async function confirmation({ accountId, authKey }: Account): Promise<object> {
  const seed = seeds.get(accountId) ?? new Uint8Array();
  return { authKey, totp: await secondFactorClient(server).totp(seed) };
}

async function confirmFactor(account: Account): Promise<void> {
  seeds.set(account.accountId, await setUpFactor(account));
  await send(account, { url: '/auth/2fa/verify', body: await confirmation(account) });
}

function send(
  account: Account,
  { url, method = 'POST' as const, body }: { url: string; method?: 'POST' | 'PUT' | 'DELETE'; body?: object },
  headers: Readonly<Record<string, string>> = {},
): Promise<LightMyRequestResponse> {
  return server.app.inject({
    method,
    url: `/api/v1${url}`,
    headers: { authorization: `Bearer ${account.accessToken}`, ...headers },
    ...(body === undefined ? {} : { payload: body }),
  });
}

async function givenAccount(): Promise<Account> {
  const credentials = await client.givenAccount();
  const session = await client.givenLogin(credentials);
  return { ...credentials, ...session, vaultId: session.vaults[0]?.id ?? '' };
}

/** Every row of what an account has, as one text. */
async function stateOf(): Promise<string> {
  const tables = [
    'users',
    'sessions',
    'vaults',
    'entries',
    'entry_versions',
    'manifests',
    'vault_rotations',
    'staged_entries',
    'second_factors',
    'recovery_codes',
    'recovery_keys',
    'recoveries',
    'invitations',
    'api_keys',
    'api_key_wraps',
    'server_settings',
  ] as const;
  const texts: string[] = [];
  for (const table of tables) {
    const { rows } = await sql<{ text: string }>`
      select to_jsonb(row)::text as text from ${sql.table(table)} as row order by 1`.execute(server.db);
    texts.push(...rows.map(({ text }) => text));
  }
  return texts.join('\n');
}

const changing = allRoutes.filter(({ method }) => method !== 'GET').map(({ operationId }) => operationId);

it('knows every route that changes something', () => {
  expect([...Object.keys(recorded), ...Object.keys(exempt)].toSorted()).toEqual(changing.toSorted());
});

describe.for(Object.entries(recorded))('%s', ([, route]) => {
  it(`leaves one row, ${route.action}`, async () => {
    const account = await givenAccount();
    await route.prepare?.(account);
    const request = await route.request(account);
    const before = (await auditRows(server.db)).length;
    const requestId = randomUUID();

    const response = await send(account, request, {
      ...route.headers,
      'x-request-id': requestId.toUpperCase(),
    });

    expect(response.statusCode).toBeLessThan(300);
    const rows = await auditRows(server.db);
    expect(rows).toHaveLength(before + 1);
    expect(rows.filter((row) => row.request_id === requestId)).toMatchObject([
      { action: route.action, outcome: 'success', address_prefix: '127.0.0.0/24' },
    ]);
  });

  it('is refused, and changes nothing, while no row can be written', async () => {
    const account = await givenAccount();
    await route.prepare?.(account);
    const request = await route.request(account);
    const before = await stateOf();
    await sql`alter table audit_events add constraint full_up check (false) not valid`.execute(server.db);

    const response = await send(account, request, route.headers);

    await sql`alter table audit_events drop constraint full_up`.execute(server.db);
    expect([response.statusCode, response.json<Problem>().code]).toEqual([503, 'unavailable']);
    expect(await stateOf()).toBe(before);
  });
});
