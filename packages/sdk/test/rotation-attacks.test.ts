/**
 * @file Attacks B11 and C22: a crash or a lie at every step of a rotation. Whatever happens, every entry can
 * still be read, nothing false is shown, and a retry with an honest server converges.
 */
import type { Changes } from '@zkvault/contract';
import { describe, expect, it } from 'vitest';
import {
  ConflictError,
  IntegrityError,
  RollbackError,
  RotationIncompleteError,
  TransportError,
  VaultRotatedError,
} from '../src/errors.ts';
import { type FakeServer, respond, type SeenRequest, type State } from './fake-server.ts';
import {
  CANARY,
  type Device,
  expectRefused,
  failureOf,
  givenEntries,
  givenWorld,
  LOGIN,
  makeDevice,
  PASSWORD,
  pinsOf,
  vaultOf,
  type World,
} from './world.ts';

const TITLES = ['airline', 'bank', 'cinema'];

interface Rotating extends World {
  readonly other: Device;
  /** Rotates; a failure must leave every entry readable here. */
  rotate(): Promise<unknown>;
}

async function givenRotating(): Promise<Rotating> {
  const world = await givenWorld();
  await givenEntries(world.device, ...TITLES);
  const other = await world.freshDevice();
  await other.client.sync();
  return { ...world, other, rotate: () => world.device.client.vaults.rotateKey() };
}

const titles = async ({ client }: Device) => (await client.entries.list()).map(({ title }) => title);
const sentTo = ({ server }: { readonly server: FakeServer }, operation: string): readonly SeenRequest[] =>
  server.requests.filter(({ operationId }) => operationId === operation);

/** Puts the data back as it was, but keeps who is logged in. */
function restore({ server }: World, { accounts }: State): void {
  server.restore({ accounts, sessions: server.snapshot().sessions });
}

/** The same person and storage, another process. */
async function restarted({ server, device }: World): Promise<Device> {
  const next = makeDevice(server, { storage: device.storage });
  await next.client.unlock({ password: PASSWORD });
  return next;
}

/** A new login of this device, one without memory, and one with an older memory all read everything. */
async function expectConverged(world: Rotating): Promise<void> {
  world.server.honest();
  expect(await titles(await restarted(world))).toEqual(TITLES);
  expect(await titles(await world.freshDevice())).toEqual(TITLES);
  const { secretKey, other } = world;
  await other.client.login({ login: LOGIN, password: PASSWORD, secretKey });
  expect(await titles(other)).toEqual(TITLES);
  const epochs = [...vaultOf(world.server).entries.values()].map(({ vkEpoch }) => vkEpoch);
  expect(new Set(epochs)).toEqual(new Set([vaultOf(world.server).fields.vkEpoch]));
}

type Sabotage = (world: Rotating) => void;

/** What goes wrong, and what the call ends with; undefined if it gets through all the same. */
const steps: readonly (readonly [
  string,
  Sabotage,
  (abstract new (...args: never[]) => Error) | undefined,
])[] = [
  [
    'the first batch is not received',
    ({ server }) =>
      server.intercept('stageEntries', () => {
        throw new TypeError('fetch failed');
      }),
    TransportError,
  ],
  [
    'the answer to the first batch is lost once',
    ({ server }) => {
      let isLost = false;
      server.lie('stageEntries', () => {
        if (isLost) return undefined;
        isLost = true;
        return Promise.reject(new TypeError('terminated'));
      });
    },
    undefined,
  ],
  [
    'a batch is dropped and confirmed, once',
    ({ server }) => {
      let isDropped = false;
      server.lie('stageEntries', () => {
        if (!isDropped) delete vaultOf(server).staging;
        isDropped = true;
      });
    },
    undefined,
  ],
  [
    'every batch is dropped and confirmed',
    ({ server }) => server.lie('stageEntries', () => void delete vaultOf(server).staging),
    ConflictError,
  ],
  [
    'one staged entry is dropped each time',
    ({ server }) =>
      server.lie('stageEntries', () => {
        const { staging } = vaultOf(server);
        staging?.entries.delete([...staging.entries.keys()][0]!);
      }),
    ConflictError,
  ],
  [
    'what was staged is forgotten before the switch, once',
    ({ server }) => {
      let isForgotten = false;
      server.intercept('replaceVault', () => {
        if (!isForgotten) delete vaultOf(server).staging;
        isForgotten = true;
      });
    },
    undefined,
  ],
  [
    'the switch is not received, once',
    ({ server }) =>
      server.intercept('replaceVault', () => {
        if (sentTo({ server }, 'replaceVault').length === 1) throw new TypeError('fetch failed');
      }),
    undefined,
  ],
  [
    'the switch is never received',
    ({ server }) =>
      server.intercept('replaceVault', () => {
        throw new TypeError('fetch failed');
      }),
    TransportError,
  ],
  [
    'the answer to the switch is lost',
    ({ server }) => server.lie('replaceVault', () => Promise.reject(new TypeError('terminated'))),
    undefined,
  ],
  [
    'the switch is made and denied',
    ({ server }) =>
      server.lie('replaceVault', () =>
        respond({
          status: 409,
          body: { type: 'urn:x', title: 'x', status: 409, code: 'conflict', requestId: crypto.randomUUID() },
        }),
      ),
    undefined,
  ],
  [
    'the switch is dropped and confirmed',
    (world) => {
      const before = world.server.snapshot();
      world.server.lie('replaceVault', () => restore(world, before));
    },
    RotationIncompleteError,
  ],
  [
    'the switch is made, and then nothing can be read',
    ({ server }) =>
      server.lie('replaceVault', () =>
        server.intercept('getChanges', () => {
          throw new TypeError('fetch failed');
        }),
      ),
    RotationIncompleteError,
  ],
  [
    'the answer to the switch is lost, and then nothing can be read',
    ({ server }) =>
      server.lie('replaceVault', () => {
        server.intercept('getChanges', () => {
          throw new TypeError('fetch failed');
        });
        return Promise.reject(new TypeError('terminated'));
      }),
    RotationIncompleteError,
  ],
  ['an entry of the old key is served after it', ({ server }) => serveOld(server), RotationIncompleteError],
  [
    'an entry is left out after it',
    ({ server }) =>
      server.lie('replaceVault', () =>
        server.lie('getChanges', ({ body }) => void (body as Changes).entries.pop()),
      ),
    RotationIncompleteError,
  ],
  [
    'the manifests before it are left out',
    ({ server }) =>
      server.lie('replaceVault', () =>
        server.lie('getChanges', ({ body }) => void (body as Changes).manifests.pop()),
      ),
    RotationIncompleteError,
  ],
];

/** After the switch, gives one entry as it was before. */
function serveOld(server: FakeServer): void {
  const [old] = [...vaultOf(server).entries.values()].map((entry) => structuredClone(entry));
  server.lie('replaceVault', () =>
    server.lie('getChanges', ({ body }) => {
      const { entries } = body as Changes;
      const index = entries.findIndex(({ id }) => id === old!.id);
      if (index >= 0) entries[index] = { ...old!, revision: entries[index]!.revision };
    }),
  );
}

describe('B11 half-applied rotation', () => {
  it.for([...steps])('%s: nothing is lost, and a retry converges', async ([, sabotage, refusal]) => {
    const world = await givenRotating();
    sabotage(world);

    const outcome = await world.rotate().then(
      () => undefined,
      (error: unknown) => error,
    );

    if (refusal === undefined) expect(outcome).toBeUndefined();
    else expect(outcome).toBeInstanceOf(refusal);
    expect(await titles(world.device)).toEqual(TITLES);
    world.server.honest();
    await world.rotate();
    expect(await titles(world.device)).toEqual(TITLES);
    await expectConverged(world);
  });

  it.for([...steps])('%s, and the process dies: the next one converges', async ([, sabotage]) => {
    const world = await givenRotating();
    sabotage(world);
    await world.rotate().catch(() => undefined);
    world.server.honest();
    const next = await restarted(world);

    await next.client.vaults.rotateKey();

    expect(await titles(next)).toEqual(TITLES);
    await expectConverged(world);
  });

  it('is finished without staging anything again if only the answer was lost', async () => {
    const world = await givenRotating();
    world.server.lie('replaceVault', () => {
      world.server.intercept('getChanges', () => {
        throw new TypeError('fetch failed');
      });
      return Promise.reject(new TypeError('terminated'));
    });
    await failureOf(world.rotate());
    world.server.honest();
    const sent = world.server.requests.length;
    const next = await restarted(world);

    await next.client.vaults.rotateKey();

    const operations = world.server.requests.slice(sent).map(({ operationId }) => operationId);
    expect(new Set(operations)).toEqual(new Set(['getChanges']));
    expect(vaultOf(world.server).fields.vkEpoch).toBe(2);
    expect([...next.storage.values.keys()].some((key) => key.includes('.rotation.'))).toBe(false);
  });

  it('goes on to be told while the lie goes on, and sends no other switch', async () => {
    const world = await givenRotating();
    serveOld(world.server);

    const errors = [await failureOf(world.rotate()), await failureOf(world.rotate())];

    for (const error of errors) {
      expect(error).toBeInstanceOf(RotationIncompleteError);
      expect(error.cause).toBeInstanceOf(IntegrityError);
      expect(`${error.message} ${JSON.stringify(error)}`).not.toContain(CANARY);
    }
    expect(sentTo(world, 'replaceVault')).toHaveLength(1);
  });

  it('never lets a late switch put the envelopes of a later attempt in place', async () => {
    const world = await givenRotating();
    let late: SeenRequest | undefined;
    world.server.intercept('replaceVault', (request) => {
      late ??= request;
      throw new TypeError('fetch failed');
    });
    await failureOf(world.rotate());
    world.server.honest();
    const next = await restarted(world);
    let isLate = true;
    world.server.lie('stageEntries', async () => {
      if (!isLate) return;
      isLate = false;
      const { url, init } = late!;
      await world.server.fetch(url.href, { ...init, signal: null });
    });

    await next.client.vaults.rotateKey();

    expect(await titles(next)).toEqual(TITLES);
    await expectConverged(world);
  });

  it('begins anew if what was remembered of it is broken', async () => {
    const world = await givenRotating();
    world.server.intercept('replaceVault', () => {
      throw new TypeError('fetch failed');
    });
    await failureOf(world.rotate());
    world.server.honest();
    const key = world.device.storage.keyEndingWith(`.rotation.${vaultOf(world.server).fields.id}`);
    const stored = JSON.parse(new TextDecoder().decode(world.device.storage.values.get(key)));
    stored.wrap.tag = `${stored.wrap.tag.startsWith('A') ? 'Q' : 'A'}${stored.wrap.tag.slice(1)}`;

    for (const broken of ['{', '{"vkEpoch":2}', JSON.stringify(stored)]) {
      world.device.storage.values.set(key, new TextEncoder().encode(broken));
      const next = await restarted(world);
      await next.client.vaults.rotateKey();
      expect(await titles(next)).toEqual(TITLES);
    }
    expect(vaultOf(world.server).fields.vkEpoch).toBe(4);
  });

  it('sends nothing in clear', async () => {
    const world = await givenRotating();

    await world.rotate();

    const bodies = world.server.requests.map(({ init }) => init.body as string).join('\n');
    expect(bodies).not.toContain('canary');
    expect(bodies).not.toContain('formerKey');
  });
});

describe('C22 mixed key epoch', () => {
  it.for(['without', 'with'] as const)(
    'an envelope of the former key is refused by a client %s memory',
    async (memory) => {
      const world = await givenRotating();
      const old = structuredClone([...vaultOf(world.server).entries.values()][0]!);
      await world.rotate();
      const { secretKey, other } = world;
      const device = memory === 'with' ? other : await world.freshDevice();
      await device.client.login({ login: LOGIN, password: PASSWORD, secretKey });
      world.server.lie('getChanges', ({ body }) => {
        const { entries } = body as Changes;
        const index = entries.findIndex(({ id }) => id === old.id);
        entries[index] = { ...old, revision: entries[index]!.revision };
      });

      await expectRefused(world, device, () => device.client.sync(), IntegrityError);
    },
  );

  it('a vault that goes back to the former key is a rollback', async () => {
    const world = await givenRotating();
    const before = world.server.snapshot();
    await world.rotate();
    restore(world, before);

    await expectRefused(world, world.device, () => world.device.client.sync(), RollbackError);
  });

  it('an account that goes back to it is refused at the login', async () => {
    const world = await givenRotating();
    const before = world.server.snapshot();
    await world.rotate();
    restore(world, before);
    const { secretKey, device } = world;

    const error = await failureOf(device.client.login({ login: LOGIN, password: PASSWORD, secretKey }));

    expect(error).toBeInstanceOf(RollbackError);
  });
});

describe('a server that says the key has changed', () => {
  it('can make a client ask for a login, and nothing else', async () => {
    const world = await givenRotating();
    const pins = pinsOf(world.other.storage);
    world.server.lie('getChanges', ({ body }) => void Object.assign(body as Changes, { vkEpoch: 2 }));

    expect(await failureOf(world.other.client.sync())).toBeInstanceOf(VaultRotatedError);
    const { secretKey, other } = world;
    await other.client.login({ login: LOGIN, password: PASSWORD, secretKey });
    expect(await failureOf(other.client.sync())).toBeInstanceOf(VaultRotatedError);

    expect(pinsOf(other.storage)).toEqual(pins);
    world.server.honest();
    await other.client.sync();
    expect(await titles(other)).toEqual(TITLES);
  });

  it('does not get a rotation out of a client', async () => {
    const world = await givenRotating();
    world.server.lie('getChanges', ({ body }) => void Object.assign(body as Changes, { vkEpoch: 2 }));

    expect(await failureOf(world.rotate())).toBeInstanceOf(VaultRotatedError);

    expect(sentTo(world, 'stageEntries')).toHaveLength(0);
    expect(sentTo(world, 'replaceVault')).toHaveLength(0);
  });
});
