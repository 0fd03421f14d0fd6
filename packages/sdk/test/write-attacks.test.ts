/** @file Attacks on writes: lies about what was taken, endless conflicts, answers that never come. */
import type { Changes } from '@zkvault/contract';
import { describe, expect, it } from 'vitest';
import {
  ConflictError,
  ForkError,
  IntegrityError,
  ProtocolError,
  RollbackError,
  TransportError,
} from '../src/errors.ts';
import { problemResponse, type SeenRequest } from './fake-server.ts';
import { expectRefused, failureOf, givenEntries, givenWorld, pinsOf, vaultOf, type World } from './world.ts';

const commitsOf = ({ server }: World): readonly SeenRequest[] =>
  server.requests.filter(({ operationId }) => operationId === 'commitVault');

describe('a write the server says it took', () => {
  it('and dropped is found missing at the next sync', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    const { accounts } = world.server.snapshot();
    await givenEntries(world.device, 'dropped');
    world.server.restore({ accounts, sessions: world.server.snapshot().sessions });

    await expectRefused(world, world.device, () => world.device.client.sync(), RollbackError);
  });

  it('and replaced by another is found forked at the next sync', async () => {
    const world = await givenWorld();
    const { accounts } = world.server.snapshot();
    const second = await world.freshDevice();
    await givenEntries(second, 'theirs');
    const theirs = world.server.snapshot();
    world.server.restore({ ...theirs, accounts });
    await givenEntries(world.device, 'ours');
    world.server.restore(theirs);

    await expectRefused(world, world.device, () => world.device.client.sync(), ForkError);
  });

  it.for([
    ['another commit', { seq: 7 }],
    ['no number', { seq: null }],
    ['a number as text', { seq: '1' }],
  ] as const)('as %s is not believed', async ([, lie]) => {
    const world = await givenWorld();
    await world.device.client.sync();
    const pins = pinsOf(world.device.storage);
    world.server.lie('commitVault', (answer) => void Object.assign(answer.body as object, lie));

    const error = await failureOf(givenEntries(world.device, 'bank'));

    expect(error).toBeInstanceOf(ProtocolError);
    expect(pinsOf(world.device.storage)).toEqual(pins);
    expect(commitsOf(world)).toHaveLength(1);
    world.server.honest();
    await world.device.client.sync();
    expect(await world.device.client.entries.list()).toHaveLength(1);
  });
});

describe('a conflict', () => {
  it('without end is given up after three writes', async () => {
    const world = await givenWorld();
    await givenEntries(world.device, 'bank');
    const sent = commitsOf(world).length;
    const { accounts } = world.server.snapshot();
    world.server.lie('commitVault', () => {
      world.server.restore({ accounts, sessions: world.server.snapshot().sessions });
      return problemResponse('conflict', { seq: 9 });
    });

    const error = await failureOf(givenEntries(world.device, 'never'));

    expect(error).toBeInstanceOf(ConflictError);
    expect(commitsOf(world).length - sent).toBe(3);
    world.server.honest();
    expect((await world.device.client.entries.list()).map(({ title }) => title)).toEqual(['bank']);
  });

  it('with a forged state leads to no further write', async () => {
    const world = await givenWorld();
    const [bank] = await givenEntries(world.device, 'bank');
    const second = await world.freshDevice();
    await second.client.entries.update(bank!.id, { notes: 'theirs' });
    world.server.lie('getChanges', (answer) => {
      const [entry] = (answer.body as Changes).entries;
      entry!.tag = `${entry!.tag.startsWith('A') ? 'Q' : 'A'}${entry!.tag.slice(1)}`;
    });
    const sent = commitsOf(world).length;

    await expectRefused(
      world,
      world.device,
      () => world.device.client.entries.update(bank!.id, { notes: 'ours' }),
      IntegrityError,
    );

    expect(commitsOf(world).length - sent).toBe(1);
  });

  it('said of a commit that was taken does not write it twice', async () => {
    const world = await givenWorld();
    world.server.lie('commitVault', () => problemResponse('conflict', { seq: 1 }));

    await givenEntries(world.device, 'bank');

    expect(commitsOf(world)).toHaveLength(1);
    expect(vaultOf(world.server).entries.size).toBe(1);
    expect(await world.device.client.entries.list()).toHaveLength(1);
  });
});

describe('a write without an answer', () => {
  it('that was taken is not written again', async () => {
    const world = await givenWorld();
    world.server.lie('commitVault', () => Promise.reject(new TypeError('terminated')));

    const [entry] = await givenEntries(world.device, 'bank');

    // The same request, three times in all: a server that keeps the key answers it again.
    expect(commitsOf(world)).toHaveLength(3);
    expect(new Set(commitsOf(world).map(({ init }) => init.body)).size).toBe(1);
    const keys = commitsOf(world).map(({ headers }) => headers.get('idempotency-key'));
    expect(new Set(keys)).toEqual(new Set([expect.stringMatching(/^[0-9a-f-]{36}$/)]));
    expect(await (await world.freshDevice()).client.entries.list()).toEqual([entry]);
  });

  it('has another key than the write before', async () => {
    const world = await givenWorld();

    await givenEntries(world.device, 'one');
    await givenEntries(world.device, 'two');

    const keys = commitsOf(world).map(({ headers }) => headers.get('idempotency-key'));
    expect(new Set(keys).size).toBe(2);
  });

  it('whose repetition is refused, without a way to ask, is reported as perhaps done', async () => {
    const world = await givenWorld();
    await world.device.client.sync();
    // Only the first answer is lost: to the repetition a server that keeps no keys says conflict.
    world.server.lie('commitVault', () =>
      commitsOf(world).length === 1 ? Promise.reject(new TypeError('terminated')) : undefined,
    );
    world.server.intercept('getChanges', () => {
      throw new TypeError('fetch failed');
    });

    const error = await failureOf(givenEntries(world.device, 'bank'));

    expect(vaultOf(world.server).seq).toBe(1);
    expect(error).toMatchObject({ name: 'TransportError', code: 'network', maybeApplied: true });
  });

  it('that was not taken is written once more', async () => {
    const world = await givenWorld();
    world.server.intercept('commitVault', () => {
      if (commitsOf(world).length === 1) throw new TypeError('fetch failed');
    });

    const [entry] = await givenEntries(world.device, 'bank');

    expect(commitsOf(world)).toHaveLength(2);
    expect(await (await world.freshDevice()).client.entries.list()).toEqual([entry]);
  });

  it('that arrives late, after the client asked and before it wrote again, is there once', async () => {
    const world = await givenWorld();
    let late: SeenRequest | undefined;
    world.server.intercept('commitVault', async (request) => {
      if (commitsOf(world).length === 1) {
        late = request;
        throw new TypeError('fetch failed');
      }
      if (late === undefined) return;
      const { url, init } = late;
      late = undefined;
      await world.server.fetch(url.href, { ...init, signal: null });
    });

    const [entry] = await givenEntries(world.device, 'bank');

    expect(vaultOf(world.server).seq).toBe(1);
    expect(await (await world.freshDevice()).client.entries.list()).toEqual([entry]);
    expect(await world.device.client.entries.list()).toEqual([entry]);
  });

  it('and without a way to ask is reported as perhaps done', async () => {
    const world = await givenWorld();
    await world.device.client.sync();
    world.server.lie('commitVault', () => Promise.reject(new TypeError('terminated')));
    world.server.intercept('getChanges', () => {
      throw new TypeError('fetch failed');
    });

    const error = await failureOf(givenEntries(world.device, 'bank'));

    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'network', maybeApplied: true });
    expect(commitsOf(world)).toHaveLength(3);
  });
});

describe('the account state', () => {
  it('is left alone when the server refuses or loses a checkpoint', async () => {
    for (const lie of [
      () => problemResponse('conflict'),
      () => problemResponse('internal'),
      () => Promise.reject(new TypeError('x')),
    ]) {
      const world = await givenWorld();
      const before = [...world.server.state.accounts.values()][0]!.accountState;
      world.server.lie('replaceAccountState', () => {
        [...world.server.state.accounts.values()][0]!.accountState = before;
        return lie();
      });

      for (let count = 0; count < 34; count += 1) await givenEntries(world.device, `entry ${count}`);

      const puts = world.server.requests.filter(({ operationId }) => operationId === 'replaceAccountState');
      expect(puts).toHaveLength(1);
      expect(await (await world.freshDevice()).client.entries.list()).toHaveLength(34);
      expect(
        await (await world.freshDevice({ storage: world.device.storage })).client.entries.list(),
      ).toHaveLength(34);
    }
  });
});

describe('what is sent', () => {
  it('holds nothing in clear, and nothing that only the client knows', async () => {
    const world = await givenWorld();
    const unlockKey = world.device.client.exportUnlockKey();
    await givenEntries(world.device, 'bank');
    const body = JSON.stringify(commitsOf(world)[0]!.body);
    const everything = world.server.requests
      .map(({ url, init, headers }) => `${url.href} ${init.body as string} ${JSON.stringify([...headers])}`)
      .join('\n');

    for (const secret of [
      'canary',
      'violet',
      world.secretKey.slice(4, 20),
      Buffer.from(unlockKey).toString('base64url'),
      Buffer.from(unlockKey).toString('hex'),
    ])
      expect(everything).not.toContain(secret);
    expect(body).not.toContain(Buffer.from('canary').toString('base64url').slice(0, 7));
  });

  it('has the same size for entries of the same bucket', async () => {
    const world = await givenWorld();

    await world.device.client.entries.create({ type: 'note', title: 'a' });
    await world.device.client.entries.create({ type: 'note', title: 'a', notes: 'b'.repeat(20) });

    const sizes = [...vaultOf(world.server).entries.values()].map(({ ciphertext }) => ciphertext.length);
    expect(new Set(sizes).size).toBe(1);
  });
});
