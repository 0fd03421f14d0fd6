/** @file What an attack of the adversary list is here: an id, a title, and a body that runs in Node and in browsers. */
import type { Changes, LoginAnswer } from '@zkvault/contract';
import { expect } from 'vitest';
import type { VaultClientOptions } from '../../src/options.ts';
import type { Answer } from '../../src/testing/exchange.ts';
import { type HostileServer, makeHostileServer } from '../../src/testing/hostile-server.ts';
import type { State } from '../fake-server.ts';
import { CANARY, type Device, expectRefused, givenEntries, givenWorld, type World } from '../world.ts';

/** One attack. */
export interface Attack {
  /** As in the adversary list. */
  readonly id: string;
  readonly title: string;
  readonly run: () => Promise<void>;
}

/** Describes an attack. */
export function attack(id: string, title: string, run: () => Promise<void>): Attack {
  return { id, title, run };
}

/** A person with two entries and a device, and a hostile server between it and an honest one. */
export interface Battle extends World {
  readonly hostile: HostileServer<State>;
  readonly ids: { readonly bank: string; readonly airline: string; readonly gone: string };
}

/** bank, airline and gone are there; the device has verified them. */
export async function givenBattle(options: Partial<VaultClientOptions> = {}): Promise<Battle> {
  let hostile: HostileServer<State> | undefined;
  const world = await givenWorld(options, (server) => {
    hostile = makeHostileServer<State>({
      upstream: server.fetch,
      snapshot: () => server.snapshot(),
      restore: (state) => server.restore(state),
    });
    return hostile.fetch;
  });
  const [bank, airline, gone] = await givenEntries(world.device, 'bank', 'airline', 'gone');
  return { ...world, hostile: hostile!, ids: { bank: bank!.id, airline: airline!.id, gone: gone!.id } };
}

/** bank and airline get a second version, gone is deleted. */
export async function writeMore({ device, ids }: Battle): Promise<void> {
  await device.client.entries.update(ids.bank, { password: `${CANARY}-second` });
  await device.client.entries.update(ids.airline, { notes: CANARY });
  await device.client.entries.delete(ids.gone);
}

type Refusal = abstract new (...args: never[]) => Error;

/** Expects a lie about the changes to be refused, by a device without memory and by one that has verified before. */
export async function expectBothRefuse(
  prepare: () => Promise<Battle>,
  lie: (changes: Changes, battle: Battle) => void,
  refusal: Refusal,
): Promise<void> {
  for (const kind of ['fresh', 'pinned'] as const) {
    const battle = await prepare();
    const device = await battle.freshDevice();
    if (kind === 'pinned') await device.client.entries.list();
    await writeMore(battle);
    battle.hostile.mutate('getChanges', (answer) => lie(changesOf(answer), battle));

    await expectRefused(battle, device, () => device.client.sync(), refusal);

    await expectHonestAgain(battle, device);
  }
}

/** I5: told the truth again, the same device sees it. */
export async function expectHonestAgain(battle: Battle, device: Device): Promise<void> {
  battle.hostile.honest();
  device.client.resumeAfterIntegrityFailure();
  expect(await device.client.entries.list()).toEqual(await battle.device.client.entries.list());
}

/** What an answer says of a vault. */
export const changesOf = (answer: Answer): Changes => answer.json as Changes;
/** What an answer says to a login. */
export const loginOf = (answer: Answer): LoginAnswer & Record<string, unknown> =>
  answer.json as LoginAnswer & Record<string, unknown>;

/** The same text with another first character. */
export function flip(text: string): string {
  return `${text.startsWith('A') ? 'Q' : 'A'}${text.slice(1)}`;
}
