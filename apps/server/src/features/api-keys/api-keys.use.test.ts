/** What the holder of an API key may do, and what nobody may do with one. */
import { randomUUID } from 'node:crypto';
import { type ApiKey, type ApiKeySelf, allRoutes, type Problem, type RouteContract } from '@zkvault/contract';
import type { LightMyRequestResponse } from 'fastify';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GivenApiKey, givenKeyOwner, type KeyOwner, sendWithKey } from '../../../test/api-key-client.ts';
import { auditRows } from '../../../test/audit-rows.ts';
import { someBytes } from '../../../test/auth-client.ts';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';
import { mustBe, withoutRequestId } from '../../../test/vault-api.ts';
import { anEnvelope, aPut, aSealed } from '../../../test/vault-values.ts';
import type { Db } from '../../db/schema.ts';
import { findLiveApiKey } from './store.ts';

let server: TestServer;
let ada: KeyOwner;
let eve: KeyOwner;
let both: GivenApiKey;
let reader: GivenApiKey;
let writer: GivenApiKey;
/** For the vault with manifests alone. */
let narrow: GivenApiKey;
const entry = randomUUID();

beforeAll(async () => {
  server = await startTestServer();
  ada = await givenKeyOwner(server);
  eve = await givenKeyOwner(server);
  both = await ada.givenKey();
  reader = await ada.givenKey({ scopes: ['entries:read'] });
  writer = await ada.givenKey({ scopes: ['entries:write'] });
  narrow = await ada.givenKey({ vaultId: ada.manifestVault });
  mustBe(201, await ada.send('POST', '/entries', { id: entry, ...anEnvelope() }));
});
afterAll(() => server.close());

const use = (
  key: GivenApiKey,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  options?: Parameters<typeof sendWithKey>[3],
): Promise<LightMyRequestResponse> => sendWithKey(server, key.credential, [method, path], options);
const codeOf = (response: LightMyRequestResponse): unknown =>
  response.statusCode < 400 ? 'none' : response.json<Problem>().code;

/** A request that reaches the handler of a route, whatever comes of it there. */
function anyRequest(route: RouteContract) {
  const path = route.path.replace('/api/v1', '').replaceAll(/:\w+/g, () => randomUUID());
  return [route.method, path] as const;
}

const sessionOnly = allRoutes.filter(
  ({ auth, apiKeyScope }) => auth === 'session' && apiKeyScope === undefined,
);
const scoped = allRoutes.filter(({ apiKeyScope }) => apiKeyScope !== undefined);

describe('an API key', () => {
  it('reads and writes entries of the plain surface', async () => {
    const created = await use(both, 'POST', '/entries', { payload: anEnvelope() });
    const { id } = created.json<{ id: string }>();
    const ifMatch = { 'if-match': '"1"' };
    const replaced = await use(both, 'PUT', `/entries/${id}`, { payload: anEnvelope(), headers: ifMatch });
    const read = await use(both, 'GET', `/entries/${id}`);
    const listed = await use(both, 'GET', '/entries');
    const deleted = await use(both, 'DELETE', `/entries/${id}`, { headers: { 'if-match': '"2"' } });

    expect([created, replaced, read, listed, deleted].map(({ statusCode }) => statusCode)).toEqual([
      201, 200, 200, 200, 204,
    ]);
    expect(read.json()).toEqual(replaced.json());
  });

  it('commits to a vault, and reads its changes and versions', async () => {
    const id = randomUUID();
    const commit = { baseSeq: 0, operations: [aPut(id, 1)], manifest: aSealed(1) };
    const path = `/vaults/${ada.manifestVault}`;

    const committed = await use(both, 'POST', `${path}/commits`, { payload: commit });
    const changes = await use(both, 'GET', `${path}/changes`);
    const versions = await use(both, 'GET', `${path}/entries/${id}/versions`);

    expect([committed, changes, versions].map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    expect(changes.json()).toMatchObject({ seq: 1, entries: [{ id }] });
  });

  it('has its use noted, but not more often than once a minute', async () => {
    const { id, credential } = await ada.givenKey();
    const lastUsedAt = async () => (await ada.send('GET', `/api-keys/${id}`)).json<ApiKey>().lastUsedAt;
    const shift = (age: string) =>
      server.db
        .updateTable('api_keys')
        .set({ last_used_at: sql<Date>`now() - ${age}::interval` })
        .where('id', '=', id)
        .execute();
    const read = () => sendWithKey(server, credential, ['GET', '/entries']);

    await read();
    const first = await lastUsedAt();
    await shift('50 seconds');
    const shifted = await lastUsedAt();
    await read();
    const within = await lastUsedAt();
    await shift('61 seconds');
    await read();
    const later = await lastUsedAt();

    expect(first).not.toBeNull();
    expect(within).toBe(shifted);
    expect(Date.parse(later ?? '')).toBeGreaterThanOrEqual(Date.parse(first ?? ''));
  });

  it('leaves a line in the log for each use, and a row in the audit log that names it for each write', async () => {
    const requestId = randomUUID();
    const lines = server.logLines.length;

    await use(both, 'GET', '/entries');
    await use(both, 'POST', '/entries', { payload: anEnvelope(), headers: { 'x-request-id': requestId } });

    const events = server.logLines
      .slice(lines)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ event }) => event === 'data_access');
    expect(events).toMatchObject([
      { api_key_id: both.id, user_id: ada.accountId, action: 'listEntries' },
      { api_key_id: both.id, user_id: ada.accountId, action: 'createEntry' },
    ]);
    expect((await auditRows(server.db)).filter(({ request_id }) => request_id === requestId)).toMatchObject([
      {
        action: 'commit',
        actor_user_id: ada.accountId,
        session_id: null,
        details: { apiKey: both.id.replaceAll('-', '') },
      },
    ]);
  });

  it.for(sessionOnly.map((route) => [`${route.method} ${route.path}`, route] as const))(
    'is no way into %s',
    async ([, route]) => {
      const refused = await use(both, ...anyRequest(route));

      expect([refused.statusCode, codeOf(refused)]).toEqual([401, 'invalid-token']);
    },
  );

  it.for(scoped.map((route) => [`${route.method} ${route.path}`, route] as const))(
    'needs the scope of %s',
    async ([, route]) => {
      const [right, wrong] = route.apiKeyScope === 'entries:read' ? [reader, writer] : [writer, reader];

      const refused = await use(wrong, ...anyRequest(route));
      const letIn = await use(right, ...anyRequest(route));

      expect([refused.statusCode, codeOf(refused)]).toEqual([403, 'insufficient-scope']);
      expect([401, 403]).not.toContain(letIn.statusCode);
    },
  );

  it('is refused beside an access token, which would leave open who asks', async () => {
    const headers = { authorization: `Bearer ${someBytes(32)}` };

    expect(codeOf(await use(both, 'GET', '/entries', { headers }))).toBe('invalid-api-key');
    expect(codeOf(await use(both, 'GET', '/vaults', { headers }))).toBe('invalid-token');
  });

  it('is asked for where nothing else will do', async () => {
    const without = await server.app.inject('/api/v1/api-keys/self');
    const bySession = await ada.send('GET', '/api-keys/self');

    expect([codeOf(without), codeOf(bySession)]).toEqual(['invalid-api-key', 'invalid-api-key']);
  });
});

describe('a key for one vault', () => {
  it.for([
    ['GET', 'changes'],
    ['POST', 'commits'],
    ['GET', `entries/${entry}/versions`],
  ] as const)(
    'finds no other vault, be it of its account, of somebody else or of nobody: %s %s',
    async ([method, rest]) => {
      const payload = method === 'POST' ? { baseSeq: 0, operations: [aPut(randomUUID(), 1)] } : undefined;
      const options = payload === undefined ? {} : { payload };

      const answers = await Promise.all(
        [ada.plainVault, eve.plainVault, randomUUID()].map((id) =>
          use(narrow, method, `/vaults/${id}/${rest}`, options),
        ),
      );

      expect(answers.map(codeOf)).toEqual(Array.from({ length: 3 }, () => 'vault-not-found'));
      const [own, ...others] = answers.map(withoutRequestId);
      for (const other of others) expect(other).toEqual(own);
    },
  );

  it('finds no plain entry if the default vault is another', async () => {
    const ifMatch = { 'if-match': '"1"' };
    const answers = [
      await use(narrow, 'GET', '/entries'),
      await use(narrow, 'POST', '/entries', { payload: anEnvelope() }),
      await use(narrow, 'GET', `/entries/${entry}`),
      await use(narrow, 'PUT', `/entries/${entry}`, { payload: anEnvelope(), headers: ifMatch }),
      await use(narrow, 'DELETE', `/entries/${entry}`, { headers: ifMatch }),
    ];

    expect(answers.map(codeOf)).toEqual([
      'vault-not-found',
      'vault-not-found',
      'entry-not-found',
      'entry-not-found',
      'entry-not-found',
    ]);
    expect(mustBe(200, await ada.send('GET', `/entries/${entry}`)).json()).toMatchObject({ version: 1 });
  });

  it('finds them if it is the default vault', async () => {
    const key = await ada.givenKey({ vaultId: ada.plainVault, wraps: [] });

    expect((await use(key, 'GET', `/entries/${entry}`)).statusCode).toBe(200);
    expect((await use(key, 'POST', '/entries', { payload: anEnvelope() })).statusCode).toBe(201);
    expect((await use(key, 'GET', `/vaults/${ada.manifestVault}/changes`)).statusCode).toBe(404);
  });
});

/** The same bytes in another spelling: the last character of 32 bytes has two bits to spare. */
function respelled(credential: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return credential.slice(0, -1) + alphabet[alphabet.indexOf(credential.at(-1) ?? '') + 1];
}

describe('a credential', () => {
  const wrong: readonly (readonly [string, () => string])[] = [
    ['of an id that nobody has', () => `zkv_${randomUUID()}_${someBytes(32)}`],
    ['with another auth half', () => `zkv_${both.id}_${someBytes(32)}`],
    ['of another key’s auth half', () => `zkv_${both.id}_${reader.credential.slice(-43)}`],
    ['with spare bits at its end', () => respelled(both.credential)],
    ['in upper case', () => both.credential.replace(both.id, both.id.toUpperCase())],
    ['cut short', () => both.credential.slice(0, -1)],
    ['that is empty', () => ''],
    ['that is an access token', () => someBytes(64)],
    ['that came twice', () => `${both.credential},${both.credential}`],
  ];

  it.for(wrong)('%s is refused like any other that is not right', async ([, credential]) => {
    const refused = await sendWithKey(server, credential(), ['GET', '/entries']);
    const unknown = await sendWithKey(server, `zkv_${randomUUID()}_${someBytes(32)}`, ['GET', '/entries']);

    expect([refused.statusCode, codeOf(refused)]).toEqual([401, 'invalid-api-key']);
    expect(withoutRequestId(refused)).toEqual(withoutRequestId(unknown));
  });

  it('works to its last moment and not in it', async () => {
    const key = await ada.givenKey();
    const expireIn = (db: Db, when: string) =>
      db
        .updateTable('api_keys')
        // The column has milliseconds and would round.
        .set({ expires_at: sql<Date>`date_trunc('milliseconds', now()) + ${when}::interval` })
        .where('id', '=', key.id)
        .execute();
    // To a transaction it is the same moment from its begin to its end.
    const isLive = (when: string): Promise<boolean> =>
      server.db.transaction().execute(async (tx) => {
        await expireIn(tx, when);
        return (await findLiveApiKey(tx, key.id)) !== undefined;
      });

    expect([await isLive('1 millisecond'), await isLive('0'), await isLive('-1 millisecond')]).toEqual([
      true,
      false,
      false,
    ]);
    await expireIn(server.db, '1 minute');
    const before = await use(key, 'GET', '/entries');
    await expireIn(server.db, '-1 minute');
    const after = await use(key, 'GET', '/entries');
    expect([before.statusCode, after.statusCode]).toEqual([200, 401]);
  });

  it('is worth nothing with another key of the server', async () => {
    const key = await ada.givenKey();
    await server.db.updateTable('api_keys').set({ key_id: 'gone' }).where('id', '=', key.id).execute();

    expect(codeOf(await use(key, 'GET', '/entries'))).toBe('invalid-api-key');
  });
});

describe('the owner of a key', () => {
  it('is asked for at each use: a role that may not write, an account that is stopped, one that is deleted', async () => {
    const owner = await givenKeyOwner(server);
    const key = await owner.givenKey();
    const change = (values: { role?: 'viewer'; is_active?: boolean }) =>
      server.db.updateTable('users').set(values).where('id', '=', owner.accountId).execute();
    const write = () => use(key, 'POST', '/entries', { payload: anEnvelope() });

    const before = await write();
    await change({ role: 'viewer' });
    const asViewer = [await write(), await use(key, 'GET', '/entries')];
    await change({ is_active: false });
    const stopped = await use(key, 'GET', '/entries');
    await change({ is_active: true });
    await server.db.deleteFrom('users').where('id', '=', owner.accountId).execute();
    const deleted = await use(key, 'GET', '/entries');

    expect(before.statusCode).toBe(201);
    expect(asViewer.map(codeOf)).toEqual(['insufficient-permission', 'none']);
    expect([stopped, deleted].map(codeOf)).toEqual(['invalid-api-key', 'invalid-api-key']);
  });
});

describe('a whole API key', () => {
  const whole = () => `${both.credential}_${someBytes(32)}`;

  it.for([
    ['in its header', (key: string) => ({ url: '/api/v1/entries', headers: { 'x-api-key': key } })],
    [
      'as a bearer token',
      (key: string) => ({ url: '/api/v1/entries', headers: { authorization: `Bearer ${key}` } }),
    ],
    ['in a query', (key: string) => ({ url: `/api/v1/entries?key=${key}` })],
    [
      'at a route for everybody',
      (key: string) => ({ url: '/api/v1/auth/policy', headers: { 'x-api-key': key } }),
    ],
  ] as const)('%s is refused, named as what it is, and written nowhere', async ([, requestWith]) => {
    const key = whole();
    const lines = server.logLines.length;

    const refused = await server.app.inject(requestWith(key));

    const log = server.logLines.slice(lines).join('');
    expect([refused.statusCode, codeOf(refused)]).toEqual([400, 'api-key-half-exposed']);
    expect(log).toContain('api-key-half-exposed');
    for (const part of [key.slice(-43), both.credential.slice(-43)]) {
      expect(log).not.toContain(part);
      expect(refused.body).not.toContain(part);
    }
  });

  it.for(['/nowhere/', '/api/v1/api-keys/'])('in the path %s… is cut out of the log', async (path) => {
    const key = whole();
    const lines = server.logLines.length;

    await server.app.inject(`${path}${key}`);

    expect(server.logLines.slice(lines).join('')).not.toContain(key.slice(-43));
  });
});

describe('a stolen database', () => {
  it('holds nothing to show, and nothing to open the wraps with', async () => {
    const { rows } = await sql<{ text: string }>`
      select to_jsonb(row)::text as text from api_keys as row
      union all select to_jsonb(row)::text from api_key_wraps as row`.execute(server.db);
    const dump = rows.map(({ text }) => text).join('\n');
    const hex = Buffer.from(both.credential.slice(-43), 'base64url').toString('hex');
    const digest = (await server.db.selectFrom('api_keys').select('secret_hash').execute()).map(
      ({ secret_hash }) => Buffer.from(secret_hash).toString('base64url'),
    );

    expect(dump).not.toContain(both.credential.slice(-43));
    expect(dump).not.toContain(hex);
    // What is kept, shown as if it were the auth half.
    for (const kept of digest) {
      const shown = await sendWithKey(server, `zkv_${both.id}_${kept}`, ['GET', '/api-keys/self']);
      expect(shown.statusCode).toBe(401);
    }
  });

  it('does not tell one account’s key what another’s opens', async () => {
    const other = await eve.givenKey();

    const { accountId, vaults } = (await use(other, 'GET', '/api-keys/self')).json<ApiKeySelf>();

    expect(accountId).toBe(eve.accountId);
    expect(vaults.map(({ id }) => id)).toEqual([eve.plainVault, eve.manifestVault]);
  });
});
