/** Making, listing, revoking and rotating API keys: what their account does with them. */
import { randomUUID } from 'node:crypto';
import { API_KEYS_PER_ACCOUNT, type ApiKey, type ApiKeySelf, type Problem } from '@zkvault/contract';
import type { LightMyRequestResponse } from 'fastify';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { givenKeyOwner, type KeyOwner, sendWithKey } from '../../../test/api-key-client.ts';
import { actionsOf } from '../../../test/audit-rows.ts';
import { aWrap, someBytes } from '../../../test/auth-client.ts';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';
import { mustBe, withoutRequestId } from '../../../test/vault-api.ts';
import { aSealed, aVault } from '../../../test/vault-values.ts';
import { keepHouse } from '../../housekeeping.ts';

let server: TestServer;
let ada: KeyOwner;
let eve: KeyOwner;

beforeAll(async () => {
  server = await startTestServer();
  ada = await givenKeyOwner(server);
  eve = await givenKeyOwner(server);
});
afterAll(() => server.close());

const codeOf = (response: LightMyRequestResponse): unknown => response.json<Problem>().code;
const faultOf = (response: LightMyRequestResponse): unknown => response.json<Problem>().errors?.[0];
const self = (credential: string) => sendWithKey(server, credential, ['GET', '/api-keys/self']);
const create = (change: object) => ada.send('POST', '/api-keys', ada.wish(change));
const rotate = (id: string, body: object) => ada.send('POST', `/api-keys/${id}/rotate`, body);

function rotation(change: object = {}) {
  const { credential, ...parts } = ada.parts();
  return { credential, id: parts.id, body: { authKey: ada.authKey, ...parts, ...change } };
}

describe('an API key', () => {
  it('is made, listed and read without anything secret, and opens what it was made for', async () => {
    const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
    const { credential, ...parts } = ada.parts();

    const made = await create({ ...parts, name: 'deploy 🦊', expiresAt, rateLimit: 7 });
    const read = await ada.send('GET', `/api-keys/${parts.id}`);
    const listed = await ada.send('GET', '/api-keys?limit=1000');
    const opened = await self(credential);

    expect(made.statusCode).toBe(201);
    expect(made.headers['location']).toBe(`/api/v1/api-keys/${parts.id}`);
    expect(made.json()).toEqual({
      id: parts.id,
      name: 'deploy 🦊',
      scopes: ['entries:read', 'entries:write'],
      vaultId: null,
      rateLimit: 7,
      createdAt: expect.any(String) as string,
      expiresAt,
      lastUsedAt: null,
      replacedBy: null,
    });
    expect(read.json()).toEqual(made.json());
    expect(listed.json<{ items: ApiKey[] }>().items).toContainEqual(made.json());
    expect(opened.json()).toEqual({
      id: parts.id,
      accountId: ada.accountId,
      scopes: ['entries:read', 'entries:write'],
      vaultId: null,
      expiresAt,
      grant: parts.grant,
      vaults: [
        { id: ada.plainVault, integrity: 'none', vkEpoch: 1, wrap: null },
        { id: ada.manifestVault, integrity: 'manifest', vkEpoch: 1, wrap: parts.wraps[0]?.wrap },
      ],
    });
    for (const { body } of [made, read, listed])
      for (const secret of [parts.digest, parts.wraps[0]?.wrap.ciphertext, parts.grant?.ciphertext])
        expect(body).not.toContain(secret);
  });

  it('for one vault says nothing of the others', async () => {
    const { credential } = await ada.givenKey({ vaultId: ada.plainVault, wraps: [], grant: undefined });

    const { vaults, grant } = (await self(credential)).json<ApiKeySelf>();

    expect(vaults.map(({ id }) => id)).toEqual([ada.plainVault]);
    expect(grant).toBeNull();
  });

  it('is listed in pages, oldest first', async () => {
    const first = (await ada.send('GET', '/api-keys?limit=1')).json<{
      items: ApiKey[];
      nextCursor: string;
    }>();
    const second = (await ada.send('GET', `/api-keys?limit=1&cursor=${first.nextCursor}`)).json<{
      items: ApiKey[];
    }>();

    expect(first.items).toHaveLength(1);
    expect(second.items[0]?.id).not.toBe(first.items[0]?.id);
    expect(Date.parse(second.items[0]?.createdAt ?? '')).toBeGreaterThanOrEqual(
      Date.parse(first.items[0]?.createdAt ?? ''),
    );
  });

  it('is not made without the key of the account, and a wrong one counts as a failed login', async () => {
    const refused = await create({ authKey: someBytes(32) });

    expect([refused.statusCode, codeOf(refused)]).toEqual([400, 'current-key-wrong']);
    expect(await actionsOf(server.db, ada.accountId)).toContain('key-proof failed');
  });

  it.for([
    ['a scope twice', { scopes: ['entries:read', 'entries:read'] }, '/body/scopes', 'duplicate'],
    ['a day that is none', { expiresAt: '2031-02-31T00:00:00.000Z' }, '/body/expiresAt', 'format'],
    ['an expiry in the past', { expiresAt: '2020-01-01T00:00:00.000Z' }, '/body/expiresAt', 'past'],
    ['no wrap for a vault with manifests', { wraps: [] }, '/body/wraps', 'required'],
  ] as const)('is refused with %s', async ([, change, pointer, code]) => {
    const refused = await create(change);

    expect(refused.statusCode).toBe(422);
    expect(faultOf(refused)).toEqual({ pointer, code });
  });

  it.for([
    ['no scope', { scopes: [] }],
    ['another scope', { scopes: ['entries:delete'] }],
    ['an empty name', { name: '' }],
    ['a name of 101 characters', { name: 'x'.repeat(101) }],
    ['a name with a line break', { name: 'a\nb' }],
    ['a rate limit of 0', { rateLimit: 0 }],
    ['a rate limit over a million', { rateLimit: 1_000_001 }],
    ['a digest of 31 bytes', { digest: someBytes(31) }],
    ['the auth half itself', { authHalf: someBytes(32) }],
  ] as const)('does not fit the contract with %s', async ([, change]) => {
    expect((await create(change)).statusCode).toBe(422);
  });

  it.for([
    ['a name of 1 character', { name: 'x' }],
    ['a name of 100 characters', { name: 'x'.repeat(100) }],
    ['the smallest rate limit', { rateLimit: 1 }],
    ['the largest rate limit', { rateLimit: 1_000_000 }],
  ] as const)('may have %s', async ([, change]) => {
    expect((await create(change)).statusCode).toBe(201);
  });

  it('takes wraps of its own vaults only, each once and of the present epoch', async () => {
    const wrapOf = (vaultId: string, vkEpoch = 1) => ({ vaultId, vkEpoch, wrap: aWrap() });
    const own = wrapOf(ada.manifestVault);

    const foreign = await create({ wraps: [own, wrapOf(eve.manifestVault)] });
    const absent = await create({ wraps: [own, wrapOf(randomUUID())] });
    const twice = await create({ wraps: [own, own] });
    const older = await create({ wraps: [wrapOf(ada.manifestVault, 2)] });
    const outside = await create({ vaultId: ada.plainVault, wraps: [own] });

    expect(withoutRequestId(foreign)).toEqual(withoutRequestId(absent));
    expect(faultOf(foreign)).toEqual({ pointer: '/body/wraps/1/vaultId', code: 'unexpected' });
    expect(faultOf(twice)).toEqual({ pointer: '/body/wraps/1/vaultId', code: 'duplicate' });
    expect([older.statusCode, codeOf(older)]).toEqual([409, 'conflict']);
    expect(faultOf(outside)).toEqual({ pointer: '/body/wraps/0/vaultId', code: 'unexpected' });
  });

  it('of a vault of somebody else is refused as of one that nobody has', async () => {
    const foreign = await create({ vaultId: eve.manifestVault, wraps: [] });
    const absent = await create({ vaultId: randomUUID(), wraps: [] });

    expect([foreign.statusCode, codeOf(foreign)]).toEqual([404, 'vault-not-found']);
    expect(withoutRequestId(foreign)).toEqual(withoutRequestId(absent));
  });

  it('has an id of its own, whoever took it', async () => {
    const { id } = await eve.givenKey();

    const taken = await create({ id });

    expect([taken.statusCode, codeOf(taken)]).toEqual([409, 'conflict']);
  });

  it('dies with its vault, and its wraps with theirs', async () => {
    const vault = aVault('none');
    mustBe(201, await eve.send('POST', '/vaults', { vault }));
    const wraps = [vault.id, eve.manifestVault].map((vaultId) => ({ vaultId, vkEpoch: 1, wrap: aWrap() }));
    const one = await eve.givenKey({ vaultId: vault.id, wraps: wraps.slice(0, 1) });
    const all = await eve.givenKey({ wraps });

    mustBe(204, await eve.send('DELETE', `/vaults/${vault.id}`));

    expect((await self(one.credential)).statusCode).toBe(401);
    const { vaults } = (await self(all.credential)).json<ApiKeySelf>();
    expect(vaults.map(({ id }) => id)).toEqual([eve.plainVault, eve.manifestVault]);
  });

  it('gets no wrap of an older vault key once the vault has another', async () => {
    const owner = await givenKeyOwner(server);
    const { credential } = await owner.givenKey();

    const replacement = { rotationId: randomUUID(), vkEpoch: 2, wrap: aWrap(), manifest: aSealed(1) };
    mustBe(200, await owner.send('PUT', `/vaults/${owner.manifestVault}`, replacement));

    const { vaults } = (await self(credential)).json<ApiKeySelf>();
    expect(vaults[1]).toEqual({ id: owner.manifestVault, integrity: 'manifest', vkEpoch: 2, wrap: null });
    expect(
      await server.db
        .selectFrom('api_key_wraps')
        .select('vk_epoch')
        .where('vault_id', '=', owner.manifestVault)
        .execute(),
    ).toEqual([]);
  });
});

describe('the number of API keys', () => {
  it(`is at most ${API_KEYS_PER_ACCOUNT}, to the last of them, and a rotation takes no place`, async () => {
    const owner = await givenKeyOwner(server);
    const first = await owner.givenKey();
    // All but two of them at once, as rows: each through the route is a password hash.
    await sql`
      insert into api_keys (id, owner_id, name, may_read, may_write, secret_hash, key_id)
      select gen_random_uuid(), ${owner.accountId}, 'row', true, false, secret_hash, key_id
      from api_keys, generate_series(1, ${API_KEYS_PER_ACCOUNT - 3}) where id = ${first.id}`.execute(
      server.db,
    );
    const make = async () => (await owner.send('POST', '/api-keys', owner.wish())).statusCode;

    const found = [await make(), await make()];
    const refused = await owner.send('POST', '/api-keys', owner.wish());
    const { credential: _kept, ...parts } = owner.parts();
    const rotated = await owner.send('POST', `/api-keys/${first.id}/rotate`, {
      authKey: owner.authKey,
      ...parts,
    });
    mustBe(204, await owner.send('DELETE', `/api-keys/${parts.id}`));

    expect(found).toEqual([201, 201]);
    expect([refused.statusCode, codeOf(refused)]).toEqual([409, 'too-many-api-keys']);
    expect(rotated.statusCode).toBe(201);
    expect(await make()).toBe(201);
  });
});

describe('a revoked API key', () => {
  it('stops working at once and is gone', async () => {
    const { id, credential } = await ada.givenKey();

    const before = await self(credential);
    const revoked = await ada.send('DELETE', `/api-keys/${id}`);
    const after = await self(credential);
    const read = await ada.send('GET', `/api-keys/${id}`);

    expect([before.statusCode, revoked.statusCode, after.statusCode]).toEqual([200, 204, 401]);
    expect(after.headers['www-authenticate']).toBe('ApiKey');
    expect([read.statusCode, codeOf(read)]).toEqual([404, 'api-key-not-found']);
  });

  it.for([
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/rotate'],
  ] as const)('of somebody else is nobody’s: %s %s', async ([method, path]) => {
    const { id, credential } = await ada.givenKey();
    const { credential: _kept, ...parts } = eve.parts();
    const body = method === 'POST' ? { authKey: eve.authKey, ...parts } : undefined;

    const foreign = await eve.send(method, `/api-keys/${id}${path}`, body);
    const absent = await eve.send(method, `/api-keys/${randomUUID()}${path}`, body);

    expect([foreign.statusCode, codeOf(foreign)]).toEqual([404, 'api-key-not-found']);
    expect(withoutRequestId(foreign)).toEqual(withoutRequestId(absent));
    expect((await self(credential)).statusCode).toBe(200);
  });
});

describe('a rotation', () => {
  it('makes a key like the old one, which goes on working for the overlap and not longer', async () => {
    const old = await ada.givenKey({ name: 'robot', scopes: ['entries:read'], rateLimit: 9 });
    const next = rotation({ overlapSeconds: 3_600 });

    const rotated = mustBe(201, await rotate(old.id, next.body)).json<ApiKey>();
    const left = (await ada.send('GET', `/api-keys/${old.id}`)).json<ApiKey>();
    const within = [await self(old.credential), await self(next.credential)];
    await server.db
      .updateTable('api_keys')
      .set({ expires_at: sql<Date>`now() - interval '1 second'` })
      .where('id', '=', old.id)
      .execute();
    const after = [await self(old.credential), await self(next.credential)];

    expect(rotated).toMatchObject({ id: next.id, name: 'robot', scopes: ['entries:read'], rateLimit: 9 });
    expect(left.replacedBy).toBe(next.id);
    expect(Date.parse(left.expiresAt ?? '') - Date.parse(rotated.createdAt)).toBe(3_600_000);
    expect(within.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    expect(after.map(({ statusCode }) => statusCode)).toEqual([401, 200]);
  });

  it.for([
    [undefined, 86_400, 200],
    [604_800, 604_800, 200],
    [1, 1, 200],
    [0, 0, 401],
  ] as const)('with an overlap of %s seconds lasts %s', async ([overlapSeconds, lasts, status]) => {
    const old = await ada.givenKey();

    const rotated = mustBe(201, await rotate(old.id, rotation({ overlapSeconds }).body)).json<ApiKey>();

    const { expiresAt } = (await ada.send('GET', `/api-keys/${old.id}`)).json<ApiKey>();
    expect(Date.parse(expiresAt ?? '') - Date.parse(rotated.createdAt)).toBe(lasts * 1_000);
    if (lasts !== 1) expect((await self(old.credential)).statusCode).toBe(status);
  });

  it.for([-1, 604_801])('has no overlap of %s seconds', async (overlapSeconds) => {
    const old = await ada.givenKey();

    expect((await rotate(old.id, rotation({ overlapSeconds }).body)).statusCode).toBe(422);
  });

  it('never lets the old key live longer than it would have', async () => {
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const old = await ada.givenKey({ expiresAt });

    mustBe(201, await rotate(old.id, rotation().body));

    expect((await ada.send('GET', `/api-keys/${old.id}`)).json<ApiKey>().expiresAt).toBe(expiresAt);
  });

  it('can be had once, and not of a key that is dead', async () => {
    const old = await ada.givenKey();
    const dead = await ada.givenKey();
    await server.db
      .updateTable('api_keys')
      .set({ expires_at: sql<Date>`now() - interval '1 second'` })
      .where('id', '=', dead.id)
      .execute();
    mustBe(201, await rotate(old.id, rotation().body));

    const answers = [await rotate(old.id, rotation().body), await rotate(dead.id, rotation().body)];

    for (const answer of answers) expect([answer.statusCode, codeOf(answer)]).toEqual([409, 'conflict']);
  });

  it('of the new key ends the oldest, so that never more than two work', async () => {
    const first = await ada.givenKey();
    const second = rotation();
    const third = rotation();

    mustBe(201, await rotate(first.id, second.body));
    mustBe(201, await rotate(second.id, third.body));

    const answers = await Promise.all([first, second, third].map(({ credential }) => self(credential)));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 200, 200]);
  });

  it('asks for the key of the account', async () => {
    const old = await ada.givenKey();

    const refused = await rotate(old.id, rotation({ authKey: someBytes(32) }).body);

    expect([refused.statusCode, codeOf(refused)]).toEqual([400, 'current-key-wrong']);
    expect((await ada.send('GET', `/api-keys/${old.id}`)).json<ApiKey>().replacedBy).toBeNull();
  });
});

describe('a key that expired', () => {
  it('is removed a month later', async () => {
    const { id } = await ada.givenKey();
    const settings = { refreshTokenTtlSeconds: 604_800, lockoutMinutes: 15 };
    const expiredFor = (days: string) =>
      server.db
        .updateTable('api_keys')
        .set({ expires_at: sql<Date>`now() - ${days}::interval` })
        .where('id', '=', id)
        .execute();

    await expiredFor('29 days 23 hours');
    await keepHouse(server.db, settings);
    const kept = await ada.send('GET', `/api-keys/${id}`);
    await expiredFor('30 days 1 second');
    await keepHouse(server.db, settings);
    const gone = await ada.send('GET', `/api-keys/${id}`);

    expect([kept.statusCode, gone.statusCode]).toEqual([200, 404]);
  });
});
