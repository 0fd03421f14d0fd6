/** @file C1 to C18 of the adversary list: what a vault holds, and in which order it came to hold it. */
import type { Changes, Entry } from '@zkvault/contract';
import {
  decodeBase64Url,
  deriveVaultKeys,
  encodeBase64Url,
  makeVaultKey,
  open,
  type PlaceOf,
  randomBytes,
  seal,
  utf8,
} from '@zkvault/crypto-core';
import { expect, vi } from 'vitest';
import {
  ConflictError,
  ForkError,
  IntegrityError,
  ProtocolError,
  RollbackError,
  UnlockError,
  ZkvaultError,
} from '../../src/errors.ts';
import { findLeaks, spellingsOf } from '../../src/testing/leaks.ts';
import { makeFakeServer } from '../fake-server.ts';
import {
  CANARY,
  type Device,
  expectRefused,
  failureOf,
  givenEntries,
  LOGIN,
  makeDevice,
  PASSWORD,
  pinsOf,
  vaultOf,
} from '../world.ts';
import {
  type Attack,
  attack,
  type Battle,
  changesOf,
  expectBothRefuse,
  expectHonestAgain,
  flip,
  givenBattle,
  writeMore,
} from './attack.ts';

const find = (changes: Changes, id: string): Entry => changes.entries.find((entry) => entry.id === id)!;
const envelopeOf = ({ ciphertext, iv, tag }: Entry) => ({ ciphertext, iv, tag });
const firstVersions = new WeakMap<Battle, ReadonlyMap<string, Entry>>();

/** A battle that remembers how its entries were at first. */
async function givenPast(): Promise<Battle> {
  const battle = await givenBattle();
  firstVersions.set(battle, structuredClone(vaultOf(battle.server).entries));
  return battle;
}

const firstOf = (battle: Battle, id: string): Entry => firstVersions.get(battle)!.get(id)!;
const puts = ({ hostile }: Battle): number =>
  hostile.traffic.filter(({ operationId }) => operationId === 'commitVault').length;

/** Puts the vaults of an earlier state in place of the present ones; sessions stay. */
function rollBack(battle: Battle, past: ReturnType<Battle['server']['snapshot']>): void {
  battle.server.restore({ ...past, sessions: battle.server.snapshot().sessions });
}

export const vaultAttacks: readonly Attack[] = [
  attack('C1', 'item swap: an envelope opens under its own id only', async () => {
    await expectBoundTo({ entryId: crypto.randomUUID() });
    await expectBothRefuse(
      givenPast,
      (changes, { ids }) => {
        const [bank, airline] = [find(changes, ids.bank), find(changes, ids.airline)];
        const kept = envelopeOf(bank);
        Object.assign(bank, envelopeOf(airline));
        Object.assign(airline, kept);
      },
      IntegrityError,
    );
  }),
  attack('C2', 'field swap: an entry is one envelope, of one known schema', async () => {
    const battle = await givenBattle();
    const wire = ['ciphertext', 'id', 'iv', 'revision', 'schema', 'tag', 'updatedAt', 'version', 'vkEpoch'];
    for (const entry of vaultOf(battle.server).entries.values())
      expect(Object.keys(entry).toSorted()).toEqual(wire);

    await expectBothRefuse(
      givenPast,
      ({ entries }) => void Object.assign(entries[0]!, { schema: 2 }),
      ProtocolError,
    );
  }),
  attack('C3', 'cross-user, cross-vault, cross-realm: what is another’s opens nowhere', async () => {
    for (const kind of ['login', 'changes'] as const) {
      const battle = await givenBattle();
      const eve = makeDevice(battle.server, { fetch: battle.hostile.fetch });
      await eve.client.register({ login: 'eve@example.com', password: PASSWORD });
      await eve.client.login({ login: 'eve@example.com', password: PASSWORD });
      await givenEntries(eve, 'one', 'two', 'three');
      const { client } = battle.device;
      battle.hostile.swapUser(LOGIN, 'eve@example.com');

      const error = await failureOf(
        kind === 'login' ? client.login({ login: LOGIN, password: PASSWORD }) : client.sync(),
      );

      expect(error).toBeInstanceOf(ZkvaultError);
      expect(JSON.stringify(error)).not.toContain(CANARY);
      battle.hostile.honest();
      battle.device.client.resumeAfterIntegrityFailure();
      await expectHonestAgain(battle, await battle.freshDevice());
    }
    await expectBoundTo({ realm: 'staging.example' });
    await expectBoundTo({ vaultId: crypto.randomUUID() });
    await expectNoStagingInProduction();
  }),
  attack('C4', 'metadata tampering: dates and numbers of the server are never shown', async () => {
    const battle = await givenBattle();
    const honest = await battle.device.client.entries.list();
    battle.hostile.mutate('getChanges', (answer) => {
      for (const entry of changesOf(answer).entries)
        Object.assign(entry, {
          updatedAt: '1999-01-01T00:00:00.000Z',
          revision: 1,
          type: 'note',
          favorite: true,
        });
    });
    const fresh = await battle.freshDevice();

    expect(await fresh.client.entries.list()).toEqual(honest);
  }),
  attack(
    'C6',
    'item dropping: one left out, and nothing is shown; a denied one is no “not found”',
    async () => {
      await expectBothRefuse(givenPast, (changes) => void changes.entries.pop(), IntegrityError);
      await expectBothRefuse(givenPast, (changes) => void changes.entries.splice(0), IntegrityError);
      const battle = await givenBattle();
      const fresh = await battle.freshDevice();
      battle.hostile.mutate('getChanges', (answer) => {
        const changes = changesOf(answer);
        changes.entries = changes.entries.filter(({ id }) => id !== battle.ids.bank);
      });

      await expectRefused(battle, fresh, () => fresh.client.entries.get(battle.ids.bank), IntegrityError);
    },
  ),
  attack('C7', 'duplication, aliasing, reorder: each id once, and the order says nothing', async () => {
    await expectBothRefuse(givenPast, ({ entries }) => void entries.push(entries[0]!), IntegrityError);
    await expectBothRefuse(
      givenPast,
      ({ entries }) => void entries.push({ ...entries[0]!, id: crypto.randomUUID() }),
      IntegrityError,
    );
    const battle = await givenBattle();
    battle.hostile.mutate(
      'getChanges',
      (answer) => void (changesOf(answer).entries = changesOf(answer).entries.toReversed()),
    );
    const fresh = await battle.freshDevice();

    expect(await fresh.client.entries.list()).toEqual(await battle.device.client.entries.list());
  }),
  attack('C8', 'single-item rollback: an old version, as what it was and as the newest', async () => {
    const lie = (version: number) => (changes: Changes, battle: Battle) =>
      void Object.assign(find(changes, battle.ids.bank), firstOf(battle, battle.ids.bank), { version });

    await expectBothRefuse(givenPast, lie(1), IntegrityError);
    await expectBothRefuse(givenPast, lie(2), IntegrityError);
    await expectBoundTo({ version: 2 });
  }),
  attack('C9', 'whole-vault rollback: refused by every memory, and marked where there is none', async () => {
    const battle = await givenBattle();
    const past = battle.server.snapshot();
    await writeMore(battle);
    rollBack(battle, past);
    const fresh = await battle.freshDevice();

    await expectRefused(battle, battle.device, () => battle.device.client.sync(), RollbackError);
    expect(await fresh.client.sync()).toMatchObject({ freshness: 'unanchored' });

    const other = await givenBattle();
    const before = [...other.server.snapshot().accounts.values()][0]!;
    for (let count = 0; count < 17; count += 1) await givenEntries(other.device, `more ${count}`);
    const present = other.server.snapshot();
    [...present.accounts.values()][0]!.vaults = before.vaults;
    other.server.restore(present);
    const checkpointed = await other.freshDevice();
    await expectRefused(other, checkpointed, () => checkpointed.client.sync(), RollbackError);
  }),
  attack('C10', 'fork: two histories never join again, neither by a sync nor by a write', async () => {
    const battle = await givenBattle();
    const other = await battle.freshDevice();
    await other.client.entries.list();
    const past = battle.server.snapshot();
    await givenEntries(battle.device, 'on one side');
    rollBack(battle, past);
    await givenEntries(other, 'on the other side');
    const restarted = makeDevice(battle.server, {
      fetch: battle.hostile.fetch,
      storage: battle.device.storage,
    });
    await restarted.client.unlock({ password: PASSWORD });

    await expectRefused(battle, battle.device, () => battle.device.client.sync(), ForkError);
    await expectRefused(
      battle,
      restarted,
      () => restarted.client.entries.create({ type: 'note', title: 'onto the other side' }),
      ForkError,
    );
    expect(vaultOf(battle.server).seq).toBe(2);

    await givenEntries(other, 'and further');
    const later = makeDevice(battle.server, {
      fetch: battle.hostile.fetch,
      storage: battle.device.storage,
    });
    await later.client.unlock({ password: PASSWORD });
    await expectRefused(battle, later, () => later.client.sync(), ForkError);
  }),
  attack('C11', 'freeze: an old state shown for ever is shown with the time it was verified', async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    const battle = await givenBattle({ now: () => nowMs });
    const frozen = structuredClone(battle.server.snapshot());
    const second = await battle.freshDevice({ now: () => nowMs });
    await second.client.sync();
    await writeMore(battle);
    rollBack(battle, frozen);
    battle.hostile.mutate('refresh', ({ json }) => void Object.assign(json as object, { expiresIn: 900 }));
    nowMs += 8 * 86_400_000;
    await failureOf(battle.device.client.sync());

    const [vault] = (await second.client.status()).vaults;

    expect(vault).toMatchObject({ seq: 1, lastVerifiedAt: '2026-01-01T00:00:00.000Z' });
  }),
  attack('C12', 'injection of items: what is in no manifest is nowhere', async () => {
    const planted = (entry: Entry): Entry => ({
      ...entry,
      id: crypto.randomUUID(),
      ciphertext: encodeBase64Url(
        Uint8Array.of(1, ...randomBytes(decodeBase64Url(entry.ciphertext).length - 1)),
      ),
    });
    await expectBothRefuse(
      givenPast,
      ({ entries }) => void entries.push(planted(entries[0]!)),
      IntegrityError,
    );
    await expectBothRefuse(
      givenPast,
      ({ entries }, battle) =>
        void entries.push({ ...firstOf(battle, battle.ids.bank), id: crypto.randomUUID() }),
      IntegrityError,
    );
    const battle = await givenBattle();
    battle.hostile.mutate('getChanges', (answer) => {
      Object.assign(changesOf(answer), { unanchored: [changesOf(answer).entries[0]] });
    });
    expect(await (await battle.freshDevice()).client.entries.list()).toHaveLength(3);
  }),
  attack('C13', 'resurrection: what was deleted stays deleted, whatever of it comes back', async () => {
    await expectBothRefuse(
      givenPast,
      (changes, battle) => void changes.entries.push(firstOf(battle, battle.ids.gone)),
      IntegrityError,
    );
    await expectBothRefuse(
      givenPast,
      (changes, battle) => {
        changes.deleted = [];
        changes.entries.push(firstOf(battle, battle.ids.gone));
      },
      IntegrityError,
    );
    await expectBothRefuse(givenPast, (changes) => void changes.deleted.pop(), IntegrityError);
    await expectBothRefuse(
      givenPast,
      (changes) => void Object.assign(changes.deleted[0]!, { version: 9 }),
      IntegrityError,
    );
  }),
  attack('C14', 'pagination and delta truncation: the whole set, or nothing', async () => {
    const small = async (): Promise<Battle> => {
      const battle = await givenPast();
      battle.server.pageLimit = 1;
      return battle;
    };
    await expectBothRefuse(
      small,
      (changes) => void Object.assign(changes, { nextSince: null }),
      IntegrityError,
    );
    await expectBothRefuse(
      givenPast,
      (changes) => {
        changes.entries = changes.entries.filter(({ revision }) => revision > 4);
      },
      IntegrityError,
    );
    const battle = await small();
    let first: Changes | undefined;
    battle.hostile.mutate('getChanges', (answer) => {
      first ??= structuredClone(changesOf(answer));
      answer.json = { ...first, nextSince: changesOf(answer).nextSince };
    });
    const fresh = await battle.freshDevice();
    const asked = battle.hostile.record();
    expect(await failureOf(fresh.client.sync())).toBeInstanceOf(ZkvaultError);
    expect(asked.length).toBeLessThan(10);
  }),
  attack('C15', 'manifest stripping: a vault with manifests is never read without', async () => {
    await expectBothRefuse(
      givenPast,
      (changes) => void Object.assign(changes, { manifest: null }),
      ProtocolError,
    );
    await expectBothRefuse(givenPast, (changes) => void changes.manifests.splice(0), IntegrityError);
    for (const manifest of [undefined, {}, '']) {
      const battle = await givenBattle();
      battle.hostile.mutate('getChanges', (answer) => void Object.assign(changesOf(answer), { manifest }));
      const fresh = await battle.freshDevice();
      expect(await failureOf(fresh.client.sync())).toBeInstanceOf(ProtocolError);
    }
    const battle = await givenBattle();
    battle.hostile.mutate('login', ({ json }) => {
      for (const vault of (json as { vaults: object[] }).vaults)
        Object.assign(vault, { integrity: 'none', manifest: null });
    });
    const { secretKey } = battle;
    const fresh = makeDevice(battle.server, { fetch: battle.hostile.fetch });
    expect(
      await failureOf(fresh.client.login({ login: LOGIN, password: PASSWORD, secretKey })),
    ).toBeInstanceOf(IntegrityError);
  }),
  attack('C16', 'write-ack lie: a write that was said to be done and dropped is found missing', async () => {
    const battle = await givenBattle();
    battle.hostile.dropWrites(({ operationId }) => operationId === 'commitVault');
    await givenEntries(battle.device, 'dropped');
    battle.hostile.honest();

    await expectRefused(battle, battle.device, () => battle.device.client.sync(), RollbackError);
  }),
  attack('C17', 'conflict steering: at most three writes, and only on top of what verifies', async () => {
    const battle = await givenBattle();
    const conflict = {
      type: 'urn:zkvault:problem:conflict',
      title: 'x',
      status: 409,
      code: 'conflict',
      seq: 9,
    };
    battle.hostile.dropWrites(({ operationId }) => operationId === 'commitVault');
    battle.hostile.mutate('commitVault', (answer) => {
      answer.status = 409;
      answer.headers.set('content-type', 'application/problem+json');
      answer.json = {
        ...conflict,
        requestId: crypto.randomUUID(),
        manifest: 'forged',
        entries: [{ title: CANARY }],
      };
    });
    const before = puts(battle);
    const endless = await failureOf(battle.device.client.entries.create({ type: 'note', title: 'never' }));
    expect(endless).toBeInstanceOf(ConflictError);
    expect(puts(battle) - before).toBeLessThanOrEqual(3);

    battle.hostile.mutate('getChanges', (answer) => {
      const { manifest } = changesOf(answer);
      manifest!.tag = flip(manifest!.tag);
    });
    const pins = pinsOf(battle.device.storage);
    const again = puts(battle);
    const forged = await failureOf(battle.device.client.entries.create({ type: 'note', title: 'never' }));
    expect(forged).toBeInstanceOf(IntegrityError);
    expect(puts(battle) - again).toBe(1);
    expect(pinsOf(battle.device.storage)).toEqual(pins);
  }),
  attack(
    'C18',
    'content leak by helper requests: nothing that is sent comes from what is inside',
    async () => {
      const spies = [vi.spyOn(globalThis, 'fetch')];
      try {
        const battle = await givenBattle();
        const url = `https://${CANARY}.example/login`;
        await battle.device.client.entries.create({
          type: 'login',
          title: CANARY,
          urls: [url],
          password: CANARY,
        });
        const fresh = await battle.freshDevice();
        for (const { id } of await fresh.client.entries.list()) await fresh.client.entries.get(id);
        await fresh.client.sync();

        for (const spy of spies) expect(spy).not.toHaveBeenCalled();
        const { pathname } = new URL('https://vault.example/api/v1/');
        expect(battle.hostile.traffic.filter((each) => !each.url.pathname.startsWith(pathname))).toEqual([]);
        const secrets = [CANARY, PASSWORD, battle.secretKey, battle.device.client.exportUnlockKey()];
        expect(findLeaks(battle.hostile.traffic, secrets.flatMap(spellingsOf))).toEqual([]);
      } finally {
        for (const spy of spies) spy.mockRestore();
      }
    },
  ),
  attack('G5', 'local cache or pin tampering: pins only rise, and a lost one is a lost memory', async () => {
    const tampers: readonly (readonly [string, (pins: Uint8Array) => Uint8Array])[] = [
      ['MAC', (pins) => flipByte(pins, 3)],
      ['last byte', (pins) => flipByte(pins, pins.length - 3)],
      ['lower seq', (pins) => replaceText(pins, '"seq":1', '"seq":0')],
      ['cut', (pins) => pins.subarray(0, 40)],
    ];
    for (const [name, tamper] of tampers) {
      const battle = await givenBattle();
      const { storage } = battle.device;
      const key = storage.keyEndingWith('.pins');
      storage.values.set(key, tamper(storage.values.get(key)!));
      const again = makeDevice(battle.server, { fetch: battle.hostile.fetch, storage });
      const error = await failureOf(again.client.login({ login: LOGIN, password: PASSWORD }));
      expect(error, name).toBeInstanceOf(IntegrityError);
    }
    const battle = await givenBattle();
    const { storage } = battle.device;
    await storage.delete(storage.keyEndingWith('.pins'));
    const again: Device = makeDevice(battle.server, { fetch: battle.hostile.fetch, storage });
    await again.client.login({ login: LOGIN, password: PASSWORD });
    expect((await again.client.sync()).freshness).toBe('unanchored');

    const cached = await givenBattle();
    const cache = cached.device.storage.keyEndingWith('.0');
    const bytes = cached.device.storage.values.get(cache)!;
    cached.device.storage.values.set(cache, replaceText(bytes, '"tag":"', '"tag":"A'));
    const offline = makeDevice(cached.server, {
      storage: cached.device.storage,
      fetch: () => Promise.reject(new TypeError('offline')),
    });
    await offline.client.unlock({ password: PASSWORD });
    expect(await failureOf(offline.client.entries.list())).toBeInstanceOf(ZkvaultError);
  }),
];

/** What a staging deployment has of a person is played to the same person’s client of production. */
async function expectNoStagingInProduction(): Promise<void> {
  const server = makeFakeServer();
  const staging = makeDevice(server, { realm: 'staging.example' });
  const { secretKey } = await staging.client.register({ login: LOGIN, password: PASSWORD });
  const answers: object[] = [];
  server.lie('login', ({ body }) => void answers.push(structuredClone(body) as object));
  await staging.client.login({ login: LOGIN, password: PASSWORD });
  const production = makeDevice(server, { realm: 'vault.example' });
  server.lie('login', (answer) => void Object.assign(answer, { status: 200, body: answers[0] }));

  const error = await failureOf(
    production.client.login({ login: LOGIN, password: PASSWORD, secretKey: secretKey! }),
  );

  expect(error).toBeInstanceOf(UnlockError);
}

/** An entry’s envelope alone, without any manifest around it, opens in its own place only. */
async function expectBoundTo(change: Partial<PlaceOf<'entry'>>): Promise<void> {
  const { entryKey } = deriveVaultKeys(makeVaultKey());
  const id = crypto.randomUUID();
  const place = {
    object: 'entry',
    realm: 'vault.example',
    vaultId: id,
    vkEpoch: 1,
    entryId: id,
    version: 1,
    schema: 1,
  } as const;
  const sealed = await seal(entryKey, place, utf8('an entry'));

  expect(await open(entryKey, place, sealed)).toEqual(utf8('an entry'));
  expect(await failureOf(open(entryKey, { ...place, ...change }, sealed))).toBeInstanceOf(IntegrityError);
}

function flipByte(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at]! ^= 1;
  return copy;
}

function replaceText(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  expect(text).toContain(from);
  return Uint8Array.from(text.replace(from, to), (letter) => letter.charCodeAt(0));
}
