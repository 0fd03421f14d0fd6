/** @file What a client says of its vaults: C11 freeze, C16 write-ack lie, and how fresh it all is. */
import { describe, expect, it } from 'vitest';
import { RollbackError } from '../src/errors.ts';
import { failureOf, givenEntries, givenWorld, PASSWORD } from './world.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.parse('2026-11-01T00:00:00.000Z');

function givenClock() {
  const clock = { ms: START_MS };
  return { clock, options: { now: () => clock.ms } };
}

describe('C11 freeze', () => {
  it.for([
    ['a moment less than 7 days', 7 * DAY_MS - 1, false],
    ['7 days', 7 * DAY_MS, false],
    ['a moment more than 7 days', 7 * DAY_MS + 1, true],
    ['8 days', 8 * DAY_MS, true],
  ] as const)('after %s without a new commit', async ([, elapsedMs, stale]) => {
    const { clock, options } = givenClock();
    const world = await givenWorld(options);
    world.server.expiresIn = 9_000_000;
    await world.device.client.login({ login: 'ada@example.com', password: PASSWORD });
    await givenEntries(world.device, 'bank');
    clock.ms += elapsedMs;

    await world.device.client.sync();

    const [vault] = (await world.device.client.status()).vaults;
    expect(vault).toMatchObject({
      stale,
      lastCommitAt: new Date(START_MS).toISOString(),
      lastVerifiedAt: new Date(START_MS + elapsedMs).toISOString(),
    });
  });

  it('ends with the next commit that is seen, of whatever device', async () => {
    const { clock, options } = givenClock();
    const world = await givenWorld(options);
    await givenEntries(world.device, 'bank');
    const other = await world.freshDevice(options);
    clock.ms += 8 * DAY_MS;
    await world.device.client.sync();
    const isStale = async () => (await world.device.client.status()).vaults[0]?.stale;
    expect(await isStale()).toBe(true);

    await givenEntries(other, 'airline');
    expect(await isStale()).toBe(true);
    await world.device.client.sync();

    expect(await isStale()).toBe(false);
  });

  it('is told from storage, also before the first sync of a session', async () => {
    const { clock, options } = givenClock();
    const world = await givenWorld(options);
    await givenEntries(world.device, 'bank');
    clock.ms += 8 * DAY_MS;
    const again = await world.freshDevice({ ...options, storage: world.device.storage });

    expect((await again.client.status()).vaults).toMatchObject([{ stale: true, seq: 1 }]);
  });
});

describe('C16 write-ack lie', () => {
  const vaultOf = async ({ client }: Awaited<ReturnType<typeof givenWorld>>['device']) =>
    (await client.status()).vaults[0]!;

  it('a write is durable once a later sync has read it back', async () => {
    const world = await givenWorld();
    await world.device.client.sync();
    expect(await vaultOf(world.device)).toMatchObject({ durable: true, unconfirmed: [] });

    const [bank, gone] = await givenEntries(world.device, 'bank', 'gone');
    await world.device.client.entries.update(bank!.id, { notes: 'x' });
    await world.device.client.entries.delete(gone!.id);

    const { durable, unconfirmed } = await vaultOf(world.device);
    expect(durable).toBe(false);
    expect([...unconfirmed].toSorted()).toEqual([bank!.id, gone!.id].toSorted());
    await world.device.client.sync();
    expect(await vaultOf(world.device)).toMatchObject({ durable: true, unconfirmed: [] });
  });

  it('a write that was dropped is shown, not durable, and never becomes so', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    await world.device.client.sync();
    const { accounts } = world.server.snapshot();
    const [dropped] = await givenEntries(world.device, 'dropped');
    world.server.restore({ accounts, sessions: world.server.snapshot().sessions });

    expect(await world.device.client.entries.get(dropped!.id)).toEqual(dropped);
    expect(await vaultOf(world.device)).toMatchObject({ durable: false, unconfirmed: [dropped!.id] });

    expect(await failureOf(world.device.client.sync())).toBeInstanceOf(RollbackError);
  });
});
