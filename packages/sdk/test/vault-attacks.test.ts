/** @file Attacks C of the adversary list on a vault, each on a client without and with a memory. */
import type { Changes, Entry } from '@zkvault/contract';
import { describe, expect, it } from 'vitest';
import { ForkError, IntegrityError, ProtocolError, RollbackError } from '../src/errors.ts';
import {
  CANARY,
  type Device,
  expectRefused,
  failureOf,
  givenEntries,
  givenWorld,
  vaultOf,
  type World,
} from './world.ts';

type Mutation = (changes: Changes, world: History) => void;

interface History extends World {
  readonly ids: { readonly bank: string; readonly airline: string; readonly gone: string };
  /** The first version of `bank`, as the server kept it. */
  readonly firstBank: Entry;
  readonly goneEntry: Entry;
}

/** bank has two versions, airline one, gone was deleted. */
async function givenHistory(): Promise<History> {
  const world = await givenWorld();
  const [bank, airline, gone] = await givenEntries(world.device, 'bank', 'airline', 'gone');
  const vault = vaultOf(world.server);
  const firstBank = structuredClone(vault.entries.get(bank!.id)!);
  const goneEntry = structuredClone(vault.entries.get(gone!.id)!);
  const ids = { bank: bank!.id, airline: airline!.id, gone: gone!.id };
  return { ...world, ids, firstBank, goneEntry };
}

async function writeMore(history: History): Promise<void> {
  const { entries } = history.device.client;
  await entries.update(history.ids.bank, { password: `${CANARY}-second` });
  await entries.update(history.ids.airline, { notes: CANARY });
  await entries.delete(history.ids.gone);
}

const find = (changes: Changes, id: string): Entry => changes.entries.find((entry) => entry.id === id)!;

function swapEnvelopes(changes: Changes, { ids }: History): void {
  const [bank, airline] = [find(changes, ids.bank), find(changes, ids.airline)];
  const { ciphertext, iv, tag } = bank;
  Object.assign(bank, { ciphertext: airline.ciphertext, iv: airline.iv, tag: airline.tag });
  Object.assign(airline, { ciphertext, iv, tag });
}

function flip(text: string): string {
  return `${text.startsWith('A') ? 'Q' : 'A'}${text.slice(1)}`;
}

const mutations: readonly (readonly [string, Mutation, abstract new (...args: never[]) => Error])[] = [
  ['the envelopes of two entries swapped', swapEnvelopes, IntegrityError],
  [
    'the ids of two entries swapped',
    (changes, { ids }) => {
      const [bank, airline] = [find(changes, ids.bank), find(changes, ids.airline)];
      [bank.id, airline.id] = [airline.id, bank.id];
    },
    IntegrityError,
  ],
  ['an entry dropped', (changes) => void changes.entries.pop(), IntegrityError],
  ['a deletion dropped', (changes) => void changes.deleted.pop(), IntegrityError],
  ['all entries dropped', (changes) => void changes.entries.splice(0), IntegrityError],
  ['an entry twice', (changes) => void changes.entries.push(changes.entries[0]!), IntegrityError],
  [
    'an entry under a second id',
    (changes) => void changes.entries.push({ ...changes.entries[0]!, id: crypto.randomUUID() }),
    IntegrityError,
  ],
  [
    'an old version of an entry as what it was',
    (changes, { ids, firstBank }) => void Object.assign(find(changes, ids.bank), firstBank),
    IntegrityError,
  ],
  [
    'an old version of an entry as the newest',
    (changes, { ids, firstBank }) =>
      void Object.assign(find(changes, ids.bank), { ...firstBank, version: 2 }),
    IntegrityError,
  ],
  [
    'a deleted entry alive beside its deletion',
    (changes, { goneEntry }) => void changes.entries.push(goneEntry),
    IntegrityError,
  ],
  [
    'a deleted entry alive instead of its deletion',
    (changes, { goneEntry }) => {
      changes.deleted.pop();
      changes.entries.push(goneEntry);
    },
    IntegrityError,
  ],
  [
    'a deletion with another version',
    (changes) => void Object.assign(changes.deleted[0]!, { version: 3 }),
    IntegrityError,
  ],
  [
    'an entry of another epoch',
    (changes) => void Object.assign(changes.entries[0]!, { vkEpoch: 2 }),
    IntegrityError,
  ],
  [
    'an entry of another schema',
    (changes) => void Object.assign(changes.entries[0]!, { schema: 2 }),
    ProtocolError,
  ],
  [
    'a planted entry',
    (changes) =>
      void changes.entries.push({
        ...changes.entries[0]!,
        id: crypto.randomUUID(),
        tag: flip(changes.entries[0]!.tag),
      }),
    IntegrityError,
  ],
  [
    'a bit flipped in a ciphertext',
    (changes) => {
      const [entry] = changes.entries;
      const { ciphertext } = entry!;
      entry!.ciphertext = `${ciphertext.slice(0, 200)}${flip(ciphertext.slice(200))}`;
    },
    IntegrityError,
  ],
  [
    'an envelope of another suite',
    (changes) => {
      const [entry] = changes.entries;
      entry!.ciphertext = `Ag${entry!.ciphertext.slice(2)}`;
    },
    ProtocolError,
  ],
  [
    'a head of another number than its manifest',
    (changes) => void Object.assign(changes, { seq: changes.seq + 1 }),
    ProtocolError,
  ],
  ['no manifest', (changes) => void Object.assign(changes, { manifest: null }), ProtocolError],
  [
    'an older manifest as the head',
    (changes) => {
      Object.assign(changes, { manifest: changes.manifests.at(-2)!, seq: changes.manifests.at(-2)!.seq });
      changes.manifests.pop();
    },
    IntegrityError,
  ],
  [
    'an older manifest under the number of the head',
    (changes) => {
      const { seq } = changes.manifest!;
      const old = { ...changes.manifests.at(-2)!, seq };
      changes.manifest = old;
      changes.manifests[changes.manifests.length - 1] = old;
    },
    IntegrityError,
  ],
  ['a hole in the chain of manifests', (changes) => void changes.manifests.splice(-2, 1), IntegrityError],
  ['no manifests but the head', (changes) => void changes.manifests.splice(0), IntegrityError],
  [
    'the manifests in another order',
    (changes) => void (changes.manifests = changes.manifests.toReversed()),
    IntegrityError,
  ],
  ['a page that does not go on', (changes) => void Object.assign(changes, { nextSince: 0 }), ProtocolError],
  [
    'pages without end',
    (changes) => {
      changes.entries = [];
      changes.deleted = [];
      changes.manifests = [];
      Object.assign(changes, { nextSince: changes.revision });
    },
    ProtocolError,
  ],
];

describe('a client without memory', () => {
  it.for(mutations)('refuses %s', async ([, mutate, refusal]) => {
    const history = await givenHistory();
    await writeMore(history);
    const fresh = await history.freshDevice();
    history.server.lie('getChanges', (answer) => mutate(answer.body as Changes, history));

    await expectRefused(history, fresh, () => fresh.client.entries.list(), refusal);
  });
});

describe('a client that verified the vault before', () => {
  it.for(mutations)('refuses %s', async ([, mutate, refusal]) => {
    const history = await givenHistory();
    const pinned = await history.freshDevice();
    await pinned.client.entries.list();
    await writeMore(history);
    history.server.lie('getChanges', (answer) => mutate(answer.body as Changes, history));
    const asked = history.server.requests.length;

    await expectRefused(history, pinned, () => pinned.client.sync(), refusal);

    expect(history.server.requests.length - asked).toBeLessThanOrEqual(2);
  });

  it('shows nothing of a vault it had shown before, once the server was caught', async () => {
    const history = await givenHistory();
    const { client } = history.device;
    history.server.lie(
      'getChanges',
      (answer) => void Object.assign(answer.body as Changes, { manifest: null }),
    );

    await failureOf(client.sync());

    expect(await failureOf(client.entries.get(history.ids.bank))).toBeInstanceOf(ProtocolError);
    expect(await failureOf(client.entries.update(history.ids.bank, { notes: 'x' }))).toBeInstanceOf(
      ProtocolError,
    );
  });

  it('goes on after the user said so, and trusts nothing the more', async () => {
    const history = await givenHistory();
    const { client } = history.device;
    history.server.lie('getChanges', (answer) => swapEnvelopes(answer.body as Changes, history));
    const second = await history.freshDevice();
    await failureOf(second.client.entries.list());

    second.client.resumeAfterIntegrityFailure();
    const again = await failureOf(second.client.entries.list());
    history.server.honest();
    second.client.resumeAfterIntegrityFailure();

    expect(again).toBeInstanceOf(IntegrityError);
    expect(await second.client.entries.list()).toEqual(await client.entries.list());
  });

  it('repairs a wrong revision by reading everything once', async () => {
    const history = await givenHistory();
    history.server.lie(
      'commitVault',
      (answer) => void Object.assign(answer.body as object, { revision: 40 }),
    );
    await writeMore(history);
    history.server.honest();
    await givenEntries(await history.freshDevice(), 'another');

    const report = await history.device.client.sync();

    expect(report).toMatchObject({ added: 1, changed: 0, deleted: 0 });
    expect(await history.device.client.entries.list()).toHaveLength(3);
  });
});

const differences: readonly (readonly [string, (changes: Changes) => void])[] = [
  ['the order of the entries', (changes: Changes) => void (changes.entries = changes.entries.toReversed())],
  [
    'the server’s own dates and revisions',
    (changes: Changes) => {
      for (const entry of changes.entries)
        Object.assign(entry, { updatedAt: '1999-01-01T00:00:00.000Z', revision: 9 });
    },
  ],
  [
    'fields nobody knows',
    (changes: Changes) =>
      void Object.assign(changes, { unanchored: [changes.entries[0]], iconsUrl: 'https://evil.example' }),
  ],
];

describe('a harmless difference', () => {
  it.for(differences)('makes none for what is shown: %s', async ([, mutate]) => {
    const history = await givenHistory();
    await writeMore(history);
    history.server.lie('getChanges', (answer) => mutate(answer.body as Changes));

    const fresh = await history.freshDevice();

    expect(await fresh.client.entries.list()).toEqual(await history.device.client.entries.list());
  });
});

describe('a whole vault of the past', () => {
  async function rolledBack(): Promise<History> {
    const history = await givenHistory();
    const past = history.server.snapshot();
    await writeMore(history);
    const { sessions } = history.server.snapshot();
    history.server.restore({ accounts: past.accounts, sessions });
    return history;
  }

  it('is refused by a client that has seen more', async () => {
    const history = await rolledBack();

    await expectRefused(history, history.device, () => history.device.client.sync(), RollbackError);
  });

  it('is refused by the same device after a restart, also by a login', async () => {
    const history = await rolledBack();
    const restarted = await history.freshDevice({ storage: history.device.storage });

    await expectRefused(history, restarted, () => restarted.client.entries.list(), RollbackError);
  });

  it('is refused by a client without memory if the account state has a checkpoint beyond it', async () => {
    const history = await givenHistory();
    const past = history.server.snapshot();
    for (let count = 0; count < 17; count += 1) await givenEntries(history.device, `more ${count}`);
    const present = history.server.snapshot();
    const [account] = present.accounts.values();
    account!.vaults = [...past.accounts.values()][0]!.vaults;
    history.server.restore(present);
    const fresh = await history.freshDevice();

    await expectRefused(history, fresh, () => fresh.client.entries.list(), RollbackError);
  });

  it('is refused by a client that remembers no more, if another device carried a checkpoint beyond it', async () => {
    const history = await givenHistory();
    const second = await history.freshDevice();
    await second.client.entries.list();
    const past = history.server.snapshot();
    for (let count = 0; count < 17; count += 1) await givenEntries(history.device, `more ${count}`);
    const again = await history.freshDevice({ storage: second.storage });
    const present = history.server.snapshot();
    const [account] = present.accounts.values();
    account!.vaults = [...past.accounts.values()][0]!.vaults;
    history.server.restore(present);

    await expectRefused(history, again, () => again.client.sync(), RollbackError);
  });

  it('cannot be told by a client without memory otherwise, and is marked as unanchored', async () => {
    const history = await rolledBack();
    const fresh = await history.freshDevice();

    const report = await fresh.client.sync();

    expect(report).toMatchObject({ freshness: 'unanchored', seq: 1 });
  });
});

describe('a history that is forked', () => {
  /** Both devices verified seq 1; then each writes a commit 2 of its own. */
  async function givenFork(): Promise<{ readonly history: History; readonly other: Device }> {
    const history = await givenHistory();
    const other = await history.freshDevice();
    await other.client.entries.list();
    const past = history.server.snapshot();
    await givenEntries(history.device, 'on one side');
    history.server.restore({ ...past, sessions: history.server.snapshot().sessions });
    await givenEntries(other, 'on the other side');
    return { history, other };
  }

  it('is refused when the other side is shown', async () => {
    const { history } = await givenFork();

    await expectRefused(history, history.device, () => history.device.client.sync(), ForkError);
  });

  it('is refused when the other side has gone on', async () => {
    const { history, other } = await givenFork();
    await givenEntries(other, 'and further');

    await expectRefused(history, history.device, () => history.device.client.sync(), ForkError);
  });

  it('is never merged by a write', async () => {
    const { history, other } = await givenFork();
    await givenEntries(other, 'and further');

    await expectRefused(
      history,
      history.device,
      () => history.device.client.entries.create({ type: 'note', title: 'onto the other side' }),
      ForkError,
    );

    expect(vaultOf(history.server).seq).toBe(3);
  });
});

describe('a vault that is denied', () => {
  it('is a lie if the account state lists it', async () => {
    const history = await givenHistory();
    for (const account of history.server.state.accounts.values()) account.vaults.clear();

    await expectRefused(history, history.device, () => history.device.client.sync(), IntegrityError);
  });
});

describe('pages that are cut short', () => {
  it.for(['without', 'with'] as const)('are refused by a client %s memory', async (memory) => {
    const history = await givenHistory();
    const device = await history.freshDevice();
    if (memory === 'with') await device.client.entries.list();
    await writeMore(history);
    history.server.pageLimit = 1;
    history.server.lie(
      'getChanges',
      (answer) => void Object.assign(answer.body as Changes, { nextSince: null }),
    );

    await expectRefused(history, device, () => device.client.sync(), IntegrityError);
  });
});
