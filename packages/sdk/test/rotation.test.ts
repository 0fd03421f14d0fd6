/** @file Rotation of a vault key between honest devices: what each of them sees, and when. */
import type { BodyOf, stageEntries } from '@zkvault/contract';
import { describe, expect, it } from 'vitest';
import { ConflictError, ForkError, IntegrityError, NotFoundError, VaultRotatedError } from '../src/errors.ts';
import {
  CANARY,
  type Device,
  failureOf,
  givenEntries,
  givenWorld,
  LOGIN,
  makeDevice,
  PASSWORD,
  vaultOf,
  type World,
} from './world.ts';

const stagedIn = ({ server }: World): readonly number[] =>
  server.requests
    .filter(({ operationId }) => operationId === 'stageEntries')
    .map(({ body }) => (body as BodyOf<typeof stageEntries>).entries.length);
const sentTo = ({ server }: World, operation: string): number =>
  server.requests.filter(({ operationId }) => operationId === operation).length;
const titles = async ({ client }: Device) => (await client.entries.list()).map(({ title }) => title);
const logIn = ({ client }: Device, { secretKey }: World) =>
  client.login({ login: LOGIN, password: PASSWORD, secretKey });

describe('a rotated vault key', () => {
  it('changes every envelope and no entry', async () => {
    const world = await givenWorld();
    const [bank] = await givenEntries(world.device, 'bank', 'airline');
    await world.device.client.entries.update(bank!.id, { notes: CANARY });
    const before = await world.device.client.entries.list();
    const vault = vaultOf(world.server);
    const old = JSON.stringify([...vault.entries.values(), vault.fields.wrap]);

    await world.device.client.vaults.rotateKey();

    expect(await world.device.client.entries.list()).toEqual(before);
    expect(await (await world.freshDevice()).client.entries.list()).toEqual(before);
    expect(vault.fields.vkEpoch).toBe(2);
    for (const { vkEpoch, ciphertext } of vault.entries.values()) {
      expect(vkEpoch).toBe(2);
      expect(old).not.toContain(ciphertext);
    }
    const [status] = (await world.device.client.status()).vaults;
    expect(status).toMatchObject({ seq: 3, freshness: 'pinned', durable: true, entryCount: 2 });
  });

  it('is the one that this device writes with, also after a restart without a network', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    await world.device.client.vaults.rotateKey();
    await givenEntries(world.device, 'airline');
    const restarted = makeDevice(world.server, { storage: world.device.storage });
    world.server.intercept('getChanges', () => {
      throw new TypeError('fetch failed');
    });

    await restarted.client.unlock({ password: PASSWORD });

    expect(await titles(restarted)).toEqual(['airline', 'bank']);
    expect([...vaultOf(world.server).entries.values()].map(({ vkEpoch }) => vkEpoch)).toEqual([2, 2]);
  });

  it('leaves no tombstones, and what was deleted stays deleted', async () => {
    const world = await givenWorld();
    const [bank, gone] = await givenEntries(world.device, 'bank', 'gone');
    const dead = structuredClone(vaultOf(world.server).entries.get(gone!.id)!);
    await world.device.client.entries.delete(gone!.id);
    const pinned = await world.freshDevice();
    await pinned.client.sync();

    await world.device.client.vaults.rotateKey();
    await logIn(pinned, world);

    expect(vaultOf(world.server).deleted.size).toBe(0);
    for (const device of [world.device, pinned, await world.freshDevice()])
      expect((await device.client.entries.list()).map(({ id }) => id)).toEqual([bank!.id]);
    world.server.lie('getChanges', ({ body }) => void (body as { entries: object[] }).entries.push(dead));
    const fresh = await world.freshDevice();
    expect(await failureOf(fresh.client.sync())).toBeInstanceOf(IntegrityError);
  });

  it('of an empty vault is replaced all the same', async () => {
    const world = await givenWorld();

    await world.device.client.vaults.rotateKey();
    await givenEntries(world.device, 'bank');

    expect(await titles(await world.freshDevice())).toEqual(['bank']);
    expect(stagedIn(world)).toEqual([]);
  });

  it('is staged in batches, with progress', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, ...Array.from({ length: 1_001 }, (_, index) => `entry ${index}`));
    const seen: string[] = [];

    await world.device.client.vaults.rotateKey(undefined, {
      onProgress: ({ staged, total }) => void seen.push(`${staged}/${total}`),
    });

    expect(stagedIn(world)).toEqual([1_000, 1]);
    expect(seen).toEqual(['0/1001', '1000/1001', '1001/1001']);
    expect(await world.device.client.entries.list()).toHaveLength(1_001);
  });

  it('is that of the vault that was named', async () => {
    const world = await givenWorld();
    const { id } = vaultOf(world.server).fields;

    await world.device.client.vaults.rotateKey(id);
    const error = await failureOf(world.device.client.vaults.rotateKey(crypto.randomUUID()));

    expect(vaultOf(world.server).fields.vkEpoch).toBe(2);
    expect(error).toBeInstanceOf(NotFoundError);
  });
});

describe('another device', () => {
  it('is told to log in, shows what it knew until then, and goes on from its pins', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    const other = await world.freshDevice();
    await other.client.sync();
    await givenEntries(world.device, 'airline', 'cinema');
    await world.device.client.vaults.rotateKey();
    await givenEntries(world.device, 'dentist');

    const errors = [
      await failureOf(other.client.sync()),
      await failureOf(other.client.entries.create({ type: 'note', title: 'refused' })),
    ];

    for (const error of errors) {
      expect(error).toBeInstanceOf(VaultRotatedError);
      expect(error).toMatchObject({ code: 'vault-rotated' });
    }
    expect(await titles(other)).toEqual(['bank']);
    await logIn(other, world);
    expect(await other.client.sync()).toMatchObject({ freshness: 'pinned', seq: 4 });
    expect(await titles(other)).toEqual(['airline', 'bank', 'cinema', 'dentist']);
  });

  it('that was away for two rotations follows the chain through both', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    const other = await world.freshDevice();
    await other.client.sync();
    for (const title of ['airline', 'cinema']) {
      await givenEntries(world.device, title);
      await world.device.client.vaults.rotateKey();
    }

    await logIn(other, world);

    expect(await other.client.sync()).toMatchObject({ freshness: 'pinned', seq: 5 });
    expect(vaultOf(world.server).fields.vkEpoch).toBe(3);
  });

  it('that wrote on the other side of a fork finds it, although the key has changed since', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    const other = await world.freshDevice();
    await other.client.sync();
    const past = world.server.snapshot();
    await givenEntries(other, 'on the other side');
    world.server.restore({ ...past, sessions: world.server.snapshot().sessions });
    await givenEntries(world.device, 'on one side', 'and on');
    await world.device.client.vaults.rotateKey();

    await logIn(other, world);

    expect(await failureOf(other.client.sync())).toBeInstanceOf(ForkError);
  });

  it('that rotates too is told that it was second', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    const other = await world.freshDevice();
    await other.client.sync();
    world.server.intercept('replaceVault', async () => {
      world.server.honest();
      await world.device.client.vaults.rotateKey();
    });

    const error = await failureOf(other.client.vaults.rotateKey());

    expect(error).toBeInstanceOf(VaultRotatedError);
    await logIn(other, world);
    expect(await titles(other)).toEqual(['bank']);
    await other.client.vaults.rotateKey();
    expect(vaultOf(world.server).fields.vkEpoch).toBe(3);
  });
});

describe('writes of another device during a rotation', () => {
  async function givenWriter(times: number) {
    const world = await givenWorld();
    const [bank] = await givenEntries(world.device, 'bank', 'airline', 'cinema', 'gone');
    const other = await world.freshDevice();
    await other.client.sync();
    let left = times;
    world.server.intercept('replaceVault', async () => {
      if (left === 0) return;
      left -= 1;
      const { id } = bank!;
      await other.client.entries.update(id, { notes: `change ${left}` });
      if (left > 0) return;
      const list = await other.client.entries.list();
      const gone = list.find(({ title }) => title === 'gone');
      if (gone !== undefined) await other.client.entries.delete(gone.id);
    });
    return { world, bank: bank! };
  }

  it('are kept, and only what they changed is staged again', async () => {
    const { world, bank } = await givenWriter(1);

    await world.device.client.vaults.rotateKey();

    expect(stagedIn(world)).toEqual([4, 1]);
    expect(await world.device.client.entries.get(bank.id)).toMatchObject({ version: 2, notes: 'change 0' });
    expect(await titles(await world.freshDevice())).toEqual(['airline', 'bank', 'cinema']);
  });

  it('may come twice', async () => {
    const { world } = await givenWriter(2);

    await world.device.client.vaults.rotateKey();

    expect(sentTo(world, 'replaceVault')).toBe(3);
    expect(stagedIn(world)).toEqual([4, 1, 1]);
  });

  it('a third time end it, and nothing is lost', async () => {
    const { world } = await givenWriter(3);

    const error = await failureOf(world.device.client.vaults.rotateKey());

    expect(error).toBeInstanceOf(ConflictError);
    expect(sentTo(world, 'replaceVault')).toBe(3);
    expect(vaultOf(world.server).fields.vkEpoch).toBe(1);
    await world.device.client.vaults.rotateKey();
    expect(await titles(await world.freshDevice())).toEqual(['airline', 'bank', 'cinema']);
  });

  it('to the account state ask for a login', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    const other = await world.freshDevice();
    for (let count = 0; count < 17; count += 1) await givenEntries(other, `entry ${count}`);

    const error = await failureOf(world.device.client.vaults.rotateKey());

    expect(error).toMatchObject({ name: 'ConflictError', code: 'account-state-stale' });
    expect(sentTo(world, 'replaceVault')).toBe(1);
    await logIn(world.device, world);
    await world.device.client.vaults.rotateKey();
    expect(await titles(await world.freshDevice())).toHaveLength(18);
  });
});
