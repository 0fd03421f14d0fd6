import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Entry } from '../src/entry-kinds.ts';
import { ConflictError, LockedError, NotFoundError, TransportError } from '../src/errors.ts';
import {
  CANARY,
  failureOf,
  givenEntries,
  givenWorld,
  LOGIN,
  makeDevice,
  PASSWORD,
  vaultOf,
} from './world.ts';

describe('two devices of one account', () => {
  it('see what the other one wrote, in clear', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank', 'airline');
    const second = await world.freshDevice();

    const seen = await second.client.entries.list();
    const [airline, bank] = seen as [Entry, Entry];
    await second.client.entries.update(bank.id, { password: `${CANARY}-new`, tags: ['money'] });
    const report = await world.device.client.sync();

    expect(seen.map(({ title }) => title)).toEqual(['airline', 'bank']);
    expect(airline.version).toBe(1);
    expect(report).toMatchObject({ added: 0, changed: 1, deleted: 0, seq: 2, freshness: 'pinned' });
    expect(await world.device.client.entries.get(bank.id)).toMatchObject({
      password: `${CANARY}-new`,
      tags: ['money'],
      version: 2,
    });
  });

  it('delete for each other', async () => {
    const world = await givenWorld();
    const [bank] = await givenEntries(world.device, 'bank');
    const second = await world.freshDevice();
    await second.client.entries.list();
    await world.device.client.entries.delete(bank!.id);

    const report = await second.client.sync();

    expect(report).toMatchObject({ added: 0, changed: 0, deleted: 1 });
    expect(await second.client.entries.list()).toEqual([]);
    expect(await failureOf(second.client.entries.get(bank!.id))).toBeInstanceOf(NotFoundError);
  });

  it('write to different entries at once and lose nothing', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    const second = await world.freshDevice();
    await second.client.entries.list();

    await Promise.all([givenEntries(world.device, 'one'), givenEntries(second, 'two')]);
    await Promise.all([world.device.client.sync(), second.client.sync()]);

    const titles = async ({ client }: typeof second) =>
      (await client.entries.list()).map(({ title }) => title);
    expect(await titles(world.device)).toEqual(['bank', 'one', 'two']);
    expect(await titles(second)).toEqual(['bank', 'one', 'two']);
  });

  it('never overwrite each other silently', async () => {
    const world = await givenWorld();
    const [bank] = await givenEntries(world.device, 'bank');
    const second = await world.freshDevice();
    await second.client.entries.list();
    await second.client.entries.update(bank!.id, { notes: 'theirs' });

    const error = await failureOf(world.device.client.entries.update(bank!.id, { notes: 'ours' }));
    const deletion = await failureOf(world.device.client.entries.delete(bank!.id, { baseVersion: 1 }));

    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({ code: 'entry-changed' });
    expect(deletion).toMatchObject({ code: 'entry-changed' });
    expect(await world.device.client.entries.get(bank!.id)).toMatchObject({ notes: 'theirs', version: 2 });
  });
});

describe('a vault', () => {
  it('is read in pages of any size, also while it is written', async () => {
    const world = await givenWorld();
    for (const title of ['a', 'b', 'c', 'd', 'e']) await givenEntries(world.device, title);
    world.server.pageLimit = 2;
    const second = await world.freshDevice();
    let isWritten = false;
    world.server.intercept('getChanges', async ({ url }) => {
      if (isWritten || url.searchParams.get('since') !== '2') return;
      isWritten = true;
      await givenEntries(world.device, 'f');
    });

    const titles = (await second.client.entries.list()).map(({ title }) => title);

    expect(titles).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('is asked for in smaller pages when one is too large to take', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'a', 'b');
    const second = await world.freshDevice();
    const large = new Uint8Array(33_554_433).fill(0x20);
    world.server.lie('getChanges', (_, { url }) =>
      url.searchParams.get('limit') === '500'
        ? new Response(large, { headers: { 'content-type': 'application/json' } })
        : undefined,
    );

    expect(await second.client.entries.list()).toHaveLength(2);
  });

  it('takes many drafts in commits of at most 1,000, with progress', async () => {
    const world = await givenWorld();
    const drafts = Array.from(
      { length: 2_100 },
      (_, index) => ({ type: 'note', title: `note ${index}` }) as const,
    );
    const progress: number[] = [];

    const made = await world.device.client.entries.createMany(drafts, {
      onProgress: ({ saved }) => progress.push(saved),
    });

    expect(progress).toEqual([1_000, 2_000, 2_100]);
    expect(made.map(({ title }) => title)).toEqual(drafts.map(({ title }) => title));
    expect(vaultOf(world.server)).toMatchObject({ seq: 3 });
    expect(await (await world.freshDevice()).client.entries.list()).toHaveLength(2_100);
  });

  it('takes large drafts in commits of at most 8 MiB', async () => {
    const world = await givenWorld();
    const drafts = Array.from(
      { length: 40 },
      (_, index) => ({ type: 'note', title: `${index}`, notes: 'x'.repeat(229_000) }) as const,
    );

    await world.device.client.entries.createMany(drafts);

    const sizes = world.server.requests
      .filter(({ operationId }) => operationId === 'commitVault')
      .map(({ init }) => (init.body as string).length);
    expect(sizes.length).toBe(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8_388_608);
  });

  it('refuses a draft that could not be read back, before anything is sent', async () => {
    const world = await givenWorld();
    const sent = world.server.requests.length;
    const drafts = [
      { type: 'note', title: '' },
      { type: 'note', title: 'a\0b' },
      { type: 'note', title: '\ud800' },
      { type: 'note', title: 'large', notes: 'x'.repeat(229_376) },
      { type: 'note', title: 'password', password: 'x' },
      { type: 'passkey', title: 'unknown' },
    ] as const;

    for (const draft of drafts) {
      const error = await failureOf(world.device.client.entries.create(draft as never));
      expect(error, draft.title.slice(0, 20)).toBeInstanceOf(RangeError);
    }

    expect(world.server.requests.length).toBe(sent);
  });

  it('starts a fresh device from the checkpoint that older devices carried on', async () => {
    const world = await givenWorld();
    for (let count = 0; count < 17; count += 1) await givenEntries(world.device, `entry ${count}`);
    const account = [...world.server.state.accounts.values()][0]!;

    const second = await world.freshDevice();
    await second.client.entries.list();

    expect(account.accountState?.seq).toBe(1);
    const asked = world.server.requests.findLast(({ operationId }) => operationId === 'getChanges');
    expect(asked?.url.searchParams.get('manifestsAfter')).toBe('16');
    expect((await second.client.status()).vaults).toMatchObject([
      { seq: 17, entryCount: 17, freshness: 'unanchored' },
    ]);
  });
});

describe('a stored session', () => {
  it('is unlocked and listed without a network', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank', 'airline');
    const { storage } = world.device;
    const offline = makeDevice(world.server, {
      storage,
      fetch: () => Promise.reject(new TypeError('fetch failed')),
    });

    await offline.client.unlock({ password: PASSWORD });
    const titles = (await offline.client.entries.list()).map(({ title }) => title);

    expect(titles).toEqual(['airline', 'bank']);
    expect(await failureOf(offline.client.sync())).toBeInstanceOf(TransportError);
    expect(await offline.client.status()).toMatchObject({
      state: 'unlocked',
      login: LOGIN,
      vaults: [{ seq: 1, freshness: 'pinned' }],
    });
  });

  it('is unlocked by the exported key, which stays the caller’s', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    const unlockKey = world.device.client.exportUnlockKey();
    world.device.client.lock();

    await world.device.client.unlock({ unlockKey });
    world.device.client.lock();

    expect(unlockKey.some((byte) => byte !== 0)).toBe(true);
    await world.device.client.unlock({ unlockKey });
    expect(await world.device.client.entries.list()).toHaveLength(1);
    expect(world.device.kdf.calls.count).toBe(1);
  });

  it('fetches only what changed after it was unlocked again', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank', 'airline');
    const second = await world.freshDevice();
    await second.client.entries.list();
    await givenEntries(world.device, 'crypto');
    const again = makeDevice(world.server, { storage: second.storage });
    await again.client.unlock({ password: PASSWORD });

    const report = await again.client.sync();

    expect(report).toMatchObject({ added: 1, changed: 0, deleted: 0, freshness: 'pinned' });
    const asked = world.server.requests.findLast(({ operationId }) => operationId === 'getChanges');
    expect(asked?.url.searchParams.get('since')).toBe('2');
  });

  it('keeps its cache usable through many small writes', async () => {
    const world = await givenWorld();
    const [first] = await givenEntries(world.device, 'bank', 'airline', 'gone');
    for (let count = 0; count < 70; count += 1)
      await world.device.client.entries.update(first!.id, { notes: `${count}` });
    await world.device.client.entries.delete(
      (await world.device.client.entries.list()).find(({ title }) => title === 'gone')!.id,
    );
    const { storage } = world.device;
    const offline = makeDevice(world.server, {
      storage,
      fetch: () => Promise.reject(new TypeError('fetch failed')),
    });
    await offline.client.unlock({ password: PASSWORD });

    const entries = await offline.client.entries.list();

    expect(entries.map(({ title, notes }) => [title, notes])).toEqual([
      ['airline', ''],
      ['bank', '69'],
    ]);
    expect([...storage.values.keys()].filter((key) => key.includes('.cache.')).length).toBeLessThan(66);
  });

  it('ends with a logout: session and cache are gone, pins and Secret Key stay', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    const { client, storage } = world.device;

    await client.logout();

    expect((await client.status()).state).toBe('logged-out');
    expect(
      [...storage.values.keys()].map((key) => key.replace(/zkv1\.([0-9a-f]{32}\.)?/, '')).toSorted(),
    ).toEqual(['device', 'pins', 'secret-key']);
    expect(await failureOf(client.unlock({ password: PASSWORD }))).toMatchObject({ code: 'logged-out' });
    expect(await failureOf(client.entries.list())).toBeInstanceOf(LockedError);
    await client.login({ login: LOGIN, password: PASSWORD });
    expect(await client.entries.list()).toHaveLength(1);
  });
});

describe('the kinds of entries', () => {
  it('are told apart by their type', () => {
    const read = (entry: Entry): string => {
      switch (entry.type) {
        case 'login':
          expectTypeOf(entry.username).toEqualTypeOf<string>();
          return entry.username;
        case 'other':
          expectTypeOf(entry.originalType).toEqualTypeOf<string>();
          return entry.originalType;
        case 'note':
        case 'card':
        case 'identity':
        case 'ssh-key':
        case 'custom':
        default:
          // @ts-expect-error the other kinds have no password
          void entry.password;
          return entry.title;
      }
    };

    expect(read.length).toBe(1);
  });
});
