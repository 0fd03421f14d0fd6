/** API keys as an app calls them: made by the account, and enough by themselves to open its vaults. */
import { apiKeyCredential, decodeApiKey } from '@zkvault/crypto-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { openWithApiKey } from '../src/api-key-client.ts';
import type { ApiKeyClient, ApiKeyClientOptions } from '../src/api-key-holder.ts';
import type { NewApiKey } from '../src/api-key-management.ts';
import {
  AuthError,
  ConflictError,
  LockedError,
  NotFoundError,
  ProtocolError,
  RollbackError,
  TransportError,
  UnlockError,
  ZkvaultError,
} from '../src/errors.ts';
import { inspectableStorage } from '../src/testing/inspectable-storage.ts';
import {
  CANARY,
  failureOf,
  givenEntries,
  givenWorld,
  makeDevice,
  PASSWORD,
  vaultOf,
  type World,
} from './world.ts';

const password = PASSWORD;

let world: World;
beforeEach(async () => {
  world = await givenWorld();
});

async function givenToken(wish: Partial<NewApiKey> = {}): Promise<string> {
  const { token } = await world.device.client.apiKeys.create({
    password,
    name: 'CI',
    scopes: ['entries:read', 'entries:write'],
    ...wish,
  });
  return token;
}

function openWith(apiKey: string, options: Partial<ApiKeyClientOptions> = {}): Promise<ApiKeyClient> {
  return openWithApiKey({ baseUrl: 'https://vault.example', fetch: world.server.fetch, apiKey, ...options });
}

describe('an API key', () => {
  it('opens the vault without a login, a password or anything stored', async () => {
    await givenEntries(world.device, 'bank', 'airline');
    const token = await givenToken();

    const client = await openWith(token);
    const entries = await client.entries.list();

    expect(entries.map(({ title }) => title)).toEqual(['airline', 'bank']);
    expect(entries[1]).toMatchObject({ password: `${CANARY}-bank` });
    expect(client.scopes).toEqual(['entries:read', 'entries:write']);
    expect(await client.status()).toMatchObject([{ seq: 1, entryCount: 2, freshness: 'unanchored' }]);
  });

  it('writes what the account then reads, and the other way round', async () => {
    const client = await openWith(await givenToken());

    const made = await client.entries.create({ type: 'login', title: 'robot', password: CANARY });
    await client.entries.update(made.id, { username: 'r2' });
    const [seen] = await world.device.client.entries.list();
    await world.device.client.entries.update(made.id, { notes: 'from ada' });
    const report = await client.sync();
    await client.entries.delete(made.id);
    await world.device.client.sync();

    expect(seen).toMatchObject({ title: 'robot', username: 'r2', password: CANARY });
    expect(report).toMatchObject({ changed: 1, freshness: 'pinned' });
    expect(await world.device.client.entries.list()).toEqual([]);
  });

  it('is sent as its credential only: the key half is in no request', async () => {
    const token = await givenToken();
    const keyHalf = token.slice(-43);
    const client = await openWith(token);
    await client.entries.create({ type: 'note', title: 'x' });

    for (const { url, headers, body } of world.server.requests)
      expect(`${url.href} ${JSON.stringify([...headers])} ${JSON.stringify(body)}`).not.toContain(keyHalf);
    const shown = world.server.requests.map(({ headers }) => headers.get('x-api-key')).filter(Boolean);
    expect(new Set(shown)).toEqual(new Set([apiKeyCredential(decodeApiKey(token))]));
    const creation = world.server.requests.find(({ operationId }) => operationId === 'createApiKey');
    expect(JSON.stringify(creation?.body)).not.toContain(token.slice(41, 84));
  });

  it('without the scope to write reads, and sends no write', async () => {
    await givenEntries(world.device, 'bank');
    const client = await openWith(await givenToken({ scopes: ['entries:read'] }));
    const [bank] = await client.entries.list();
    const sent = world.server.requests.length;

    const failures = [
      await failureOf(client.entries.create({ type: 'note', title: 'x' })),
      await failureOf(client.entries.createMany([{ type: 'note', title: 'x' }])),
      await failureOf(client.entries.update(bank!.id, { title: 'y' })),
      await failureOf(client.entries.delete(bank!.id)),
    ];

    for (const error of failures)
      expect(error).toMatchObject({ name: 'AuthError', code: 'insufficient-scope' });
    expect(world.server.requests).toHaveLength(sent);
  });

  it('that was closed gives nothing any more', async () => {
    const client = await openWith(await givenToken());
    await client.entries.list();

    client.close();

    for (const call of [client.entries.list(), client.sync(), client.status()])
      expect(await failureOf(call)).toBeInstanceOf(LockedError);
  });

  it('that is no whole key is not sent', async () => {
    const token = await givenToken();
    const sent = world.server.requests.length;

    for (const text of ['', 'zkv_', token.slice(0, 84), `${token}x`, ` ${token}`]) {
      const error = await failureOf(openWith(text));
      expect(error).toBeInstanceOf(ProtocolError);
      expect(error).toMatchObject({ code: 'api-key-invalid' });
      expect(`${error.message}${JSON.stringify(error)}`).not.toContain('zkv_');
    }
    expect(world.server.requests).toHaveLength(sent);
  });

  it('goes to no server without TLS', async () => {
    const token = await givenToken();

    expect(await failureOf(openWith(token, { baseUrl: 'http://vault.example' }))).toBeInstanceOf(
      TransportError,
    );
  });

  it('with a storage remembers what it verified, under a MAC of its own', async () => {
    const storage = inspectableStorage();
    const token = await givenToken();
    await givenEntries(world.device, 'bank');
    const early = world.server.snapshot();
    await givenEntries(world.device, 'airline');
    await (await openWith(token, { storage })).entries.list();

    const second = await openWith(token, { storage });
    const report = await second.sync();
    world.server.restore(early);
    const third = await openWith(token, { storage });
    const error = await failureOf(third.sync());

    expect(report.freshness).toBe('pinned');
    expect(error).toBeInstanceOf(RollbackError);
    expect([...storage.values.keys()].some((key) => key.endsWith('.pins'))).toBe(true);
  });

  it('does not begin with pins that somebody else wrote', async () => {
    const storage = inspectableStorage();
    const token = await givenToken();
    await (await openWith(token, { storage })).entries.list();
    const key = storage.keyEndingWith('.pins');
    const pins = storage.values.get(key)!;
    storage.values.set(key, pins.with(0, pins[0]! ^ 1));

    const error = await failureOf(openWith(token, { storage }));

    expect(error).toMatchObject({ name: 'IntegrityError', code: 'integrity-failed' });
  });

  it('opens nothing once its vault has another key, and one that is made then does', async () => {
    await givenEntries(world.device, 'bank');
    const before = await givenToken();
    const opened = await openWith(before);
    await opened.entries.list();
    await world.device.client.vaults.rotateKey();

    const anew = await failureOf(openWith(before));
    const still = await failureOf(opened.sync());
    const after = await openWith(await givenToken());

    expect(anew).toBeInstanceOf(AuthError);
    expect(anew).toMatchObject({ code: 'api-key-outdated' });
    expect(still).toBeInstanceOf(ZkvaultError);
    expect((await after.entries.list()).map(({ title }) => title)).toEqual(['bank']);
  });

  it('without a memory still begins no earlier than when it was made', async () => {
    const empty = world.server.snapshot();
    await givenEntries(world.device, 'bank');
    const token = await givenToken();
    const { apiKeys } = world.server.snapshot();
    world.server.restore({ ...empty, apiKeys });

    const client = await openWith(token);

    expect(await failureOf(client.sync())).toBeInstanceOf(RollbackError);
  });
});

describe('the API keys of an account', () => {
  it('seal their scopes in one order, whichever the server says them in', async () => {
    const { apiKeys } = world.device.client;
    const scopes = ['entries:read', 'entries:write'] as const;
    const { apiKey } = await apiKeys.create({ password, name: 'one', scopes });
    world.server.lie('getApiKey', (answer) => {
      const said = answer.body as { readonly scopes: readonly string[] };
      answer.body = { ...said, scopes: said.scopes.toReversed() };
    });

    const rotated = await apiKeys.rotate({ password, id: apiKey.id });

    expect(rotated.apiKey.scopes).toEqual(scopes);
    expect((await openWith(rotated.token)).scopes).toEqual(scopes);
  });

  it('are listed, revoked and rotated', async () => {
    const { apiKeys } = world.device.client;
    const first = await apiKeys.create({ password, name: 'one', scopes: ['entries:read'], rateLimit: 5 });
    await apiKeys.create({ password, name: 'two', scopes: ['entries:write'] });
    await givenEntries(world.device, 'bank');

    const rotated = await apiKeys.rotate({ password, id: first.apiKey.id, overlapSeconds: 60 });
    const listed = await apiKeys.list();
    const opened = await openWith(rotated.token);
    const titles = (await opened.entries.list()).map(({ title }) => title);
    await apiKeys.revoke(rotated.apiKey.id);
    const after = await failureOf(openWith(rotated.token));

    expect(listed.map(({ name, replacedBy }) => [name, replacedBy])).toEqual([
      ['one', rotated.apiKey.id],
      ['two', null],
      ['one', null],
    ]);
    expect(rotated.apiKey).toMatchObject({ scopes: ['entries:read'], rateLimit: 5 });
    expect(titles).toEqual(['bank']);
    expect(after).toBeInstanceOf(AuthError);
    expect(after).toMatchObject({ code: 'invalid-api-key' });
  });

  it('are not made with a wrong password, of which the server hears nothing', async () => {
    const wrong = 'another password than that';
    const { apiKey } = await world.device.client.apiKeys.create({
      password,
      name: 'CI',
      scopes: ['entries:read'],
    });
    const sent = world.server.requests.length;

    expect(await failureOf(givenToken({ password: wrong }))).toBeInstanceOf(UnlockError);
    expect(
      await failureOf(world.device.client.apiKeys.rotate({ password: wrong, id: apiKey.id })),
    ).toBeInstanceOf(UnlockError);
    expect(world.server.requests).toHaveLength(sent);
  });

  it.for([
    ['no name', { name: '' }],
    ['too long a name', { name: 'x'.repeat(101) }],
    ['no scope', { scopes: [] }],
    ['a scope twice', { scopes: ['entries:read', 'entries:read'] }],
    ['another scope', { scopes: ['admin'] as never }],
    ['no limit at all', { rateLimit: 0 }],
    ['a time that is none', { expiresAt: 'tomorrow' }],
    ['a vault that is none', { vaultId: 'x' }],
  ] as const)('are refused before anything is sent: %s', async ([, wish]) => {
    const sent = world.server.requests.length;

    expect(await failureOf(givenToken(wish))).toBeInstanceOf(RangeError);
    expect(world.server.requests).toHaveLength(sent);
  });

  it('are for vaults of the account only', async () => {
    const sent = world.server.requests.length;

    const error = await failureOf(givenToken({ vaultId: crypto.randomUUID() }));

    expect(error).toBeInstanceOf(NotFoundError);
    expect(world.server.requests).toHaveLength(sent);
  });

  it('are replaced once', async () => {
    const { apiKeys } = world.device.client;
    const { apiKey } = await apiKeys.create({ password, name: 'CI', scopes: ['entries:read'] });
    await apiKeys.rotate({ password, id: apiKey.id });

    expect(await failureOf(apiKeys.rotate({ password, id: apiKey.id }))).toBeInstanceOf(ConflictError);
  });

  it('need an unlocked client', async () => {
    const { client } = world.device;
    client.lock();

    for (const call of [givenToken(), client.apiKeys.list(), client.apiKeys.revoke(crypto.randomUUID())])
      expect(await failureOf(call)).toBeInstanceOf(LockedError);
    expect(await failureOf(makeDevice(world.server).client.apiKeys.list())).toMatchObject({
      code: 'logged-out',
    });
  });

  it.for([
    ['createApiKey', { scopes: ['entries:read', 'entries:write'] }],
    ['createApiKey', { vaultId: crypto.randomUUID() }],
    ['rotateApiKey', { scopes: ['entries:read', 'entries:write'] }],
    ['rotateApiKey', { vaultId: crypto.randomUUID() }],
    ['getApiKey', { scopes: ['entries:read', 'entries:write'] }],
  ] as const)('are for what was sealed, or they are not given: %s of %o', async ([operation, lie]) => {
    const { apiKeys } = world.device.client;
    const { apiKey } = await apiKeys.create({ password, name: 'CI', scopes: ['entries:read'] });
    world.server.lie(operation, (answer) => {
      answer.body = { ...(answer.body as object), ...lie };
    });

    const call =
      operation === 'createApiKey'
        ? givenToken({ scopes: ['entries:read'] })
        : apiKeys.rotate({ password, id: apiKey.id });

    expect(await failureOf(call)).toBeInstanceOf(ProtocolError);
  });

  it.for(['createApiKey', 'rotateApiKey', 'getApiKey'] as const)(
    'are not taken from an answer about another key: %s',
    async (operation) => {
      const { apiKeys } = world.device.client;
      const { apiKey } = await apiKeys.create({ password, name: 'CI', scopes: ['entries:read'] });
      world.server.lie(operation, (answer) => {
        answer.body = { ...(answer.body as object), id: vaultOf(world.server).fields.id };
      });

      const call = operation === 'createApiKey' ? givenToken() : apiKeys.rotate({ password, id: apiKey.id });

      expect(await failureOf(call)).toBeInstanceOf(ProtocolError);
    },
  );
});
