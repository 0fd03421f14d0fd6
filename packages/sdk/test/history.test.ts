/** @file Earlier versions of an entry: read, restored, and lied about. */
import type { EntryVersion } from '@zkvault/contract';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConflictError, IntegrityError, NotFoundError, ProtocolError } from '../src/errors.ts';
import { CANARY, expectRefused, failureOf, givenEntries, givenWorld, vaultOf, type World } from './world.ts';

const NOW_MS = Date.parse('2026-11-01T00:00:00.000Z');
let world: World;
let id = '';

/** `bank` at version 3, with notes `one`, `two`; `airline` at version 1. */
beforeEach(async () => {
  // One moment for all: what is verified again then leaves the pins as they are, byte for byte.
  world = await givenWorld({ now: () => NOW_MS });
  const [bank] = await givenEntries(world.device, 'bank', 'airline');
  ({ id } = bank!);
  for (const notes of ['one', 'two']) await world.device.client.entries.update(id, { notes });
});

const history = () => world.device.client.entries.history(id);
const versions = async () => (await history()).map(({ version, notes }) => [version, notes]);

describe('the history of an entry', () => {
  it('has every version as it was saved, newest first', async () => {
    const [present, second, first] = await history();

    expect(await world.device.client.entries.get(id)).toEqual(present);
    expect([second?.version, second?.notes]).toEqual([2, 'one']);
    expect(first).toMatchObject({ version: 1, notes: '', password: `${CANARY}-bank` });
  });

  it('is read over as many pages as it has', async () => {
    for (let count = 0; count < 20; count += 1)
      await world.device.client.entries.update(id, { notes: `change ${count}` });

    expect((await versions()).map(([version]) => version)).toEqual(
      Array.from({ length: 23 }, (_, index) => 23 - index),
    );
  });

  it.for([49, 50, 51])('after %i versions has the newest 50', async (count) => {
    for (let version = 4; version <= count; version += 1)
      await world.device.client.entries.update(id, { notes: `change ${version}` });

    const read = await versions();

    expect(read).toHaveLength(Math.min(count, 50));
    expect(read.at(-1)?.[0]).toBe(Math.max(1, count - 49));
  });

  it('begins anew with a rotation of the vault key', async () => {
    await world.device.client.vaults.rotateKey();

    expect(await versions()).toEqual([[3, 'two']]);
    await world.device.client.entries.update(id, { notes: 'three' });
    expect(await versions()).toEqual([
      [4, 'three'],
      [3, 'two'],
    ]);
  });

  it('of no entry is not found', async () => {
    expect(await failureOf(world.device.client.entries.history(crypto.randomUUID()))).toBeInstanceOf(
      NotFoundError,
    );
  });

  it('is read once more if another device saved meanwhile', async () => {
    const other = await world.freshDevice();
    let left = 2;
    world.server.intercept('listEntryVersions', async () => {
      if (left === 0) return;
      left -= 1;
      await other.client.entries.update(id, { notes: `meanwhile ${left}` });
    });

    expect((await versions())[0]).toEqual([5, 'meanwhile 0']);
  });

  it('is given up if another device saves each time, and not found if it deletes', async () => {
    const other = await world.freshDevice();
    world.server.intercept('listEntryVersions', async () => {
      await other.client.entries.update(id, { notes: 'again' });
    });
    expect(await failureOf(history())).toBeInstanceOf(ConflictError);

    world.server.intercept('listEntryVersions', () => other.client.entries.delete(id));
    expect(await failureOf(history())).toBeInstanceOf(NotFoundError);
  });
});

type Versions = { items: EntryVersion[]; nextCursor: string | null };
const flip = (text: string) => `${text.startsWith('A') ? 'Q' : 'A'}${text.slice(1)}`;

const lies: readonly (readonly [
  string,
  (answer: Versions) => void,
  (abstract new (...args: never[]) => Error)?,
])[] = [
  ['without versions', (answer) => void answer.items.splice(0)],
  ['without the newest', (answer) => void answer.items.shift()],
  ['with a hole', (answer) => void answer.items.splice(1, 1)],
  ['with a version twice', (answer) => void answer.items.splice(1, 0, answer.items[1]!)],
  ['in another order', (answer) => void (answer.items = answer.items.toReversed())],
  ['with a version of number 0', (answer) => void (answer.items[2]!.version = 0), ProtocolError],
  [
    'with an old version under a newer number',
    ({ items }) => void Object.assign(items[1]!, { ...items[2]!, version: 2 }),
  ],
  [
    'with an old version as the newest',
    ({ items }) => void Object.assign(items[0]!, items[1]!, { version: 3 }),
  ],
  ['of another epoch', ({ items }) => void (items[1]!.vkEpoch = 2)],
  ['of another schema', ({ items }) => void (items[1]!.schema = 2), ProtocolError],
  ['with a bit flipped', ({ items }) => void (items[1]!.tag = flip(items[1]!.tag))],
  [
    'with an entry of another id',
    ({ items }) => {
      const other = [...vaultOf(world.server).entries.values()].find((entry) => entry.id !== id)!;
      const { ciphertext, iv, tag } = other;
      Object.assign(items[2]!, { ciphertext, iv, tag });
    },
  ],
  ['up to a version that is not there', ({ items }) => void items.unshift({ ...items[0]!, version: 9 })],
  ['that never ends', (answer) => void (answer.nextCursor = '0')],
];

describe('a history that is none', () => {
  it.for([...lies])('is refused: %s', async ([, lie, refusal = IntegrityError]) => {
    await history();
    world.server.lie('listEntryVersions', ({ body }) => lie(body as Versions));

    if (refusal === ProtocolError) {
      const error = await failureOf(history());
      expect(error).toBeInstanceOf(ProtocolError);
      expect(error.message).not.toContain(CANARY);
    } else await expectRefused(world, world.device, history, refusal);
  });

  it('is refused: none at all of an entry that is there', async () => {
    world.server.lie('listEntryVersions', () => {
      const body = { type: 'urn:x', title: 'x', status: 404, code: 'entry-not-found', requestId: id };
      return new Response(JSON.stringify(body), {
        status: 404,
        headers: { 'content-type': 'application/problem+json' },
      });
    });

    await expectRefused(world, world.device, history, IntegrityError);
  });
});

describe('a restored version', () => {
  it('is the next one, and the history keeps everything', async () => {
    const restored = await world.device.client.entries.restore(id, 2);

    expect(restored).toMatchObject({ version: 4, notes: 'one', title: 'bank' });
    expect(await (await world.freshDevice()).client.entries.get(id)).toEqual(restored);
    expect(await versions()).toEqual([
      [4, 'one'],
      [3, 'two'],
      [2, 'one'],
      [1, ''],
    ]);
  });

  it('that is the present one is left as it is', async () => {
    const { seq } = vaultOf(world.server);

    expect(await world.device.client.entries.restore(id, 3)).toMatchObject({ version: 3 });

    expect(vaultOf(world.server).seq).toBe(seq);
  });

  it.for([0, 4, 1.5])('of number %d is not found', async (version) => {
    const error = await failureOf(world.device.client.entries.restore(id, version));

    expect(error).toMatchObject({ name: 'NotFoundError', code: 'version-not-found' });
  });

  it('conflicts with a change that came between', async () => {
    const { entries } = world.device.client;

    const error = await failureOf(entries.restore(id, 1, { baseVersion: 2 }));

    expect(error).toMatchObject({ name: 'ConflictError', code: 'entry-changed' });
    expect((await versions())[0]).toEqual([3, 'two']);
  });
});
