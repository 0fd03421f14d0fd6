/** @file B1 to B16 of the adversary list: the key hierarchy and the primitives under it. */
import type { Entry, Sealed, Wrap } from '@zkvault/contract';
import {
  accountKeyFromBytes,
  decodeBase64Url,
  deriveAccountKeys,
  derivePasswordKeys,
  deriveVaultKeys,
  type Envelope,
  encodeBase64Url,
  makeAccountKey,
  makeVaultKey,
  open,
  seal,
  utf8,
  wrapAccountKey,
  wrapVaultKey,
} from '@zkvault/crypto-core';
import { expect, vi } from 'vitest';
import { IntegrityError, ProtocolError, RollbackError, UnlockError, ZkvaultError } from '../../src/errors.ts';
import type { Answer } from '../../src/testing/exchange.ts';
import { makeInsecureKdf } from '../../src/testing/insecure-kdf.ts';
import { inspectableStorage } from '../../src/testing/inspectable-storage.ts';
import { CANARY, failureOf, givenEntries, LOGIN, makeDevice, PASSWORD, vaultOf } from '../world.ts';
import { type Attack, attack, type Battle, changesOf, flip, givenBattle, loginOf } from './attack.ts';

type Refusal = abstract new (...args: never[]) => Error;
const REALM = 'vault.example';

/** Expects a lie at the login to be refused on a fresh and on a pinned device, and nothing to be made or written. */
async function expectLoginRefused(
  battle: Battle,
  lie: (answer: Answer) => Response | void,
  refusal: Refusal,
) {
  for (const storage of [inspectableStorage(), battle.device.storage]) {
    const device = makeDevice(battle.server, { fetch: battle.hostile.fetch, storage });
    const told = battle.hostile.mutate('login', (answer) => lie(answer) ?? undefined);
    const sent = battle.hostile.record();
    const error = await failureOf(
      device.client.login({ login: LOGIN, password: PASSWORD, secretKey: battle.secretKey }),
    );

    told();
    expect(error).toBeInstanceOf(refusal);
    expect(sent.map(({ operationId }) => operationId)).toEqual(['prelogin', 'login']);
    expect((await failureOf(device.client.entries.list())).name).toBe('LockedError');
  }
}

async function keysOfServer(battle: Battle) {
  const { body } = battle.server.state.accounts.get(LOGIN)!;
  const kdf = makeInsecureKdf();
  const salt = decodeBase64Url(body.salt);
  const base = {
    password: 'a password of the server',
    secretKey: undefined,
    login: LOGIN,
    salt,
    realm: REALM,
  };
  const { wrappingKey } = await derivePasswordKeys({ ...base, profile: 1, kdf });
  const place = { object: 'wrap/password', realm: REALM, accountId: body.accountId, login: LOGIN } as const;
  return { wrappingKey, place: { ...place, profile: 1, skFlag: 1, salt, akEpoch: 1 } as const, body };
}

export const keyAttacks: readonly Attack[] = [
  attack('B1', 'missing field triggers key generation: a login only reads', async () => {
    const battle = await givenBattle();
    const before = JSON.stringify([...battle.server.state.accounts]);
    for (const field of ['wrap', 'accountState', 'vaults', 'akEpoch', 'accountId'])
      for (const value of [undefined, null, '', {}])
        await expectLoginRefused(
          battle,
          (answer) => {
            if (value === undefined) delete loginOf(answer)[field];
            else Object.assign(loginOf(answer), { [field]: value });
          },
          ProtocolError,
        );
    await expectLoginRefused(
      battle,
      (answer) => void Object.assign(loginOf(answer), { vaults: [] }),
      IntegrityError,
    );
    for (const [status, text] of [
      [401, 'User not properly init'],
      [404, 'not initialised'],
    ] as const)
      await expectLoginRefused(
        battle,
        () =>
          new Response(JSON.stringify({ error: text }), {
            status,
            headers: { 'content-type': 'application/json' },
          }),
        ZkvaultError,
      );

    expect(battle.hostile.traffic.filter(({ operationId }) => operationId === 'register')).toHaveLength(0);
    expect(JSON.stringify([...battle.server.state.accounts])).toBe(before);
  }),
  attack('B2', 'legacy cipher downgrade: one suite, and no other text is an envelope', async () => {
    const battle = await givenBattle();
    const fresh = await battle.freshDevice();
    const texts = ['0.aaaa|bbbb', '2.aaaa|bbbb|cccc', 'KWC3AAAA', `!${'A'.repeat(500)}`];
    const suites = Array.from({ length: 256 }, (_, suite) => suite).filter((suite) => suite !== 1);
    let change: (text: string) => string = (text) => text;
    battle.hostile.mutate('getChanges', (answer) => {
      const [entry] = changesOf(answer).entries;
      entry!.ciphertext = change(entry!.ciphertext);
    });
    const asSuite = (suite: number) => (text: string) => {
      const bytes = decodeBase64Url(text);
      bytes[0] = suite;
      return encodeBase64Url(bytes);
    };

    for (change of [...suites.map(asSuite), ...texts.map((text) => () => text)]) {
      fresh.client.resumeAfterIntegrityFailure();
      expect(await failureOf(fresh.client.entries.list())).toBeInstanceOf(ProtocolError);
    }
  }),
  attack(
    'B3',
    'decryption oracle: whatever is wrong with an envelope, the same requests and the same words',
    async () => {
      const battle = await givenBattle();
      const traces = new Set<string>();
      for (let variant = 0; variant < 256; variant += 1) {
        const told = battle.hostile.mutate('getChanges', (answer) => {
          const [entry] = changesOf(answer).entries;
          const bytes = decodeBase64Url(entry!.ciphertext);
          const at = 60 + variant * Math.floor((bytes.length - 61) / 256);
          bytes[at] = bytes[at]! ^ (1 + (variant % 255));
          entry!.ciphertext = encodeBase64Url(bytes);
        });
        const fresh = makeDevice(battle.server, {
          fetch: battle.hostile.fetch,
          storage: battle.device.storage,
        });
        await fresh.client.unlock({ unlockKey: battle.device.client.exportUnlockKey() });
        for (const key of fresh.storage.values.keys())
          if (key.includes('.cache.')) fresh.storage.values.delete(key);
        const sent = battle.hostile.record();
        const error = await failureOf(fresh.client.sync());
        await failureOf(fresh.client.sync());
        const trace = sent.map(({ operationId, url, init }) => [operationId, url.search, init.body ?? null]);
        traces.add(JSON.stringify([trace, error.name, error.message]));
        told();
      }

      expect(traces.size).toBe(1);
      expect([...traces][0]).toContain('IntegrityError');
      expect([...traces][0]!.split('getChanges').length - 1).toBe(1);
    },
  ),
  attack(
    'B4',
    'wrapped private key tampering: no identity is read, so none can be asked to work',
    async () => {
      const battle = await givenBattle();
      await expectLoginRefused(
        battle,
        (answer) => {
          const { wrap } = loginOf(answer);
          Object.assign(loginOf(answer), {
            identity: { ...wrap, signPk: 'A'.repeat(43), encPk: 'A'.repeat(43) },
          });
        },
        ProtocolError,
      );
    },
  ),
  attack('B5', 'account-key overwrite: a key that the server knows opens nothing', async () => {
    const battle = await givenBattle();
    const { wrappingKey, place } = await keysOfServer(battle);
    const zero = accountKeyFromBytes(new Uint8Array(32));
    const wraps: Wrap[] = [];
    for (const key of [makeAccountKey(), zero]) wraps.push(await wrapAccountKey(wrappingKey, place, key));
    wraps.push(loginVaultWrap(battle));

    for (const wrap of wraps)
      await expectLoginRefused(
        battle,
        (answer) => void Object.assign(loginOf(answer), { wrap }),
        UnlockError,
      );
  }),
  attack(
    'B6',
    'vault-key substitution and injected vaults: keys come from the sealed list alone',
    async () => {
      const battle = await givenBattle();
      const { body } = await keysOfServer(battle);
      const vault = vaultOf(battle.server);
      const { vaultWrappingKey } = deriveAccountKeys(makeAccountKey());
      const place = {
        object: 'vaultkey',
        realm: REALM,
        accountId: body.accountId,
        role: 'owner',
        vkEpoch: 1,
      } as const;
      const wrap = await wrapVaultKey(
        vaultWrappingKey,
        { ...place, vaultId: vault.fields.id },
        makeVaultKey(),
      );
      const id = crypto.randomUUID();
      const planted = await wrapVaultKey(vaultWrappingKey, { ...place, vaultId: id }, makeVaultKey());

      await expectLoginRefused(
        battle,
        (answer) => void Object.assign(loginOf(answer).vaults[0]!, { wrap }),
        IntegrityError,
      );
      await expectLoginRefused(
        battle,
        (answer) => void loginOf(answer).vaults.push({ ...loginOf(answer).vaults[0]!, id, wrap: planted }),
        IntegrityError,
      );
    },
  ),
  attack('B7', 'cross-context transplant: no envelope opens in the place of another', async () => {
    const battle = await givenBattle();
    const answer = battle.hostile.traffic.find(({ operationId }) => operationId === 'login')!.honest!
      .json as {
      wrap: Wrap;
      accountState: Sealed;
      vaults: { wrap: Wrap }[];
    };
    const vault = vaultOf(battle.server);
    const slots: readonly (readonly [string, Envelope])[] = [
      ['wrap', answer.wrap],
      ['accountState', answer.accountState],
      ['vault key', answer.vaults[0]!.wrap],
      ['entry', [...vault.entries.values()][0]!],
      ['manifest', vault.manifests.at(-1)!.sealed],
    ];
    let pairs = 0;
    for (const [to] of slots)
      for (const [from, { ciphertext, iv, tag }] of slots) {
        if (from === to) continue;
        const device = await battle.freshDevice();
        battle.hostile.mutate('*', (said, { operationId }) => {
          const place = placeOf(to, operationId, said);
          for (const each of place) Object.assign(each, { ciphertext, iv, tag });
        });
        const error = await failureOf(
          (async () => {
            await device.client.login({ login: LOGIN, password: PASSWORD, secretKey: battle.secretKey });
            await device.client.sync();
          })(),
        );
        battle.hostile.honest();
        expect(error, `${from} as ${to}`).toBeInstanceOf(ZkvaultError);
        pairs += 1;
      }

    expect(pairs).toBe(20);
  }),
  attack(
    'B8',
    'feature or version flag downgrade: no word of the server changes what is sealed',
    async () => {
      const battle = await givenBattle();
      const before = shapeOf(battle);
      battle.hostile.mutate('*', ({ json }) => {
        if (typeof json === 'object' && json !== null)
          Object.assign(json, { version: '0.0.1', features: {}, suiteMin: 0, suite: 0, cryptoVersion: 1 });
      });
      const fresh = await battle.freshDevice();
      await givenEntries(fresh, 'after');

      expect(shapeOf(battle)).toEqual(before);
      expect(decodeBase64Url(lastCommit(battle).operations[0]!.ciphertext)[0]).toBe(1);
    },
  ),
  attack(
    'B10',
    'rollback of the account: an older account state is refused by whoever knows a newer one',
    async () => {
      const battle = await givenBattle();
      const past = battle.server.snapshot();
      for (let count = 0; count < 17; count += 1) await givenEntries(battle.device, `more ${count}`);
      battle.server.restore({ ...past, sessions: battle.server.snapshot().sessions });
      const { storage } = battle.device;
      const pinned = makeDevice(battle.server, { fetch: battle.hostile.fetch, storage });

      const error = await failureOf(pinned.client.login({ login: LOGIN, password: PASSWORD }));
      const fresh = await battle.freshDevice();
      const report = await fresh.client.sync();

      expect(error).toBeInstanceOf(RollbackError);
      expect(report.freshness).toBe('unanchored');
    },
  ),
  attack(
    'B13',
    'nonce reuse: no two envelopes share salt and IV, and a random source that repeats is refused',
    async () => {
      const keys = deriveVaultKeys(makeVaultKey());
      const vaultId = crypto.randomUUID();
      const place = { object: 'entry', realm: REALM, vaultId, vkEpoch: 1, version: 1, schema: 1 } as const;
      const at = { ...place, entryId: vaultId };
      const seen = new Set<string>();
      for (let count = 0; count < 2_000; count += 1) {
        const { ciphertext, iv } = await seal(keys.entryKey, at, utf8('the same'));
        seen.add(`${ciphertext.slice(0, 22)} ${iv}`).add(ciphertext);
      }
      expect(seen.size).toBe(4_000);

      const stub = vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => array);
      try {
        expect(await failureOf(seal(keys.entryKey, at, utf8('x')))).toMatchObject({
          code: 'random-source-broken',
        });
      } finally {
        stub.mockRestore();
      }
    },
  ),
  attack('B14', 'truncated tag: 16 bytes, or it is no envelope', async () => {
    const battle = await givenBattle();
    const keys = deriveVaultKeys(makeVaultKey());
    const id = crypto.randomUUID();
    const place = {
      object: 'entry',
      realm: REALM,
      vaultId: id,
      vkEpoch: 1,
      entryId: id,
      version: 1,
      schema: 1,
    } as const;
    const sealed = await seal(keys.entryKey, place, utf8('an entry'));
    for (const bytes of [0, 4, 8, 12, 13, 15, 17, 32]) {
      const cut = (text: string): string => {
        const tag = new Uint8Array(bytes);
        tag.set(decodeBase64Url(text).subarray(0, bytes));
        return encodeBase64Url(tag);
      };
      const told = battle.hostile.mutate('getChanges', (answer) => {
        const [entry] = changesOf(answer).entries;
        entry!.tag = cut(entry!.tag);
      });
      const fresh = await battle.freshDevice();

      expect(await failureOf(fresh.client.entries.list())).toBeInstanceOf(ProtocolError);
      expect(await failureOf(open(keys.entryKey, place, { ...sealed, tag: cut(sealed.tag) }))).toBeInstanceOf(
        ProtocolError,
      );
      told();
    }
  }),
  attack('B15', 'encoding malleability: one spelling of bytes, one meaning of a text', async () => {
    const battle = await givenBattle();
    const honest = await battle.device.client.entries.list();
    const spell: readonly ((text: string) => string)[] = [
      (text) => `${text}=`,
      (text) => `${text}==`,
      (text) => `${text} `,
      (text) => `${text.slice(0, 4)}\n${text.slice(4)}`,
      (text) => `${text}!!`,
      (text) => text.replace(/[-_]|[A-Z]/, (letter) => (letter === '-' ? '+' : '/')),
      (text) => `${text.slice(0, -1)}${String.fromCharCode(text.charCodeAt(text.length - 1) + 1)}`,
    ];
    for (const field of ['iv', 'tag', 'ciphertext'] as const)
      for (const change of spell) {
        const told = battle.hostile.mutate('getChanges', (answer) => {
          const [entry] = changesOf(answer).entries;
          entry![field] = change(entry![field]);
        });
        const fresh = await battle.freshDevice();
        expect(await failureOf(fresh.client.entries.list())).toBeInstanceOf(ZkvaultError);
        told();
      }
    const keys = deriveVaultKeys(makeVaultKey());
    const id = crypto.randomUUID();
    const place = {
      object: 'entry',
      realm: REALM,
      vaultId: id,
      vkEpoch: 1,
      entryId: id,
      version: 1,
      schema: 1,
    } as const;
    const sealed = await seal(keys.entryKey, place, utf8('an entry'));
    for (const field of ['iv', 'tag', 'ciphertext'] as const)
      for (const change of spell) {
        const spelled = change(sealed[field]);
        const isAnother = spelled !== sealed[field];
        if (isAnother)
          expect(await failureOf(open(keys.entryKey, place, { ...sealed, [field]: spelled }))).toBeInstanceOf(
            ZkvaultError,
          );
      }
    expect(
      await failureOf(open(keys.entryKey, place, { ...sealed, tag: withSpareBit(sealed.tag) })),
    ).toMatchObject({
      code: 'encoding-invalid',
    });
    const texts: readonly ((text: string) => string)[] = [
      (text) => text.replace('{', '{"entries":[],'),
      (text) => text.replace('{', '{"\\u0065ntries":[],'),
      (text) => text.replace('{', '{"__proto__":{"admin":true},'),
      (text) => text.replace(/"revision":\d+/, '"revision":9007199254740993'),
    ];
    for (const change of texts) {
      const told = battle.hostile.mutate('getChanges', (answer) => {
        answer.body = new TextEncoder().encode(change(new TextDecoder().decode(answer.body)));
      });
      const fresh = await battle.freshDevice();
      const shown = await fresh.client.entries.list().catch((error: unknown) => error);
      told();
      expect(shown).toBeInstanceOf(ProtocolError);
      expect(({} as { admin?: boolean }).admin).toBeUndefined();
    }
    expect(await (await battle.freshDevice()).client.entries.list()).toEqual(honest);
  }),
  attack(
    'B16',
    'release of unverified plaintext: one bad envelope among many, and none of them is shown',
    async () => {
      const battle = await givenBattle();
      await battle.device.client.entries.createMany(
        Array.from({ length: 40 }, (_, index) => ({
          type: 'note',
          title: `n${index}`,
          notes: CANARY.repeat(2_000),
        })),
      );
      battle.hostile.mutate('getChanges', (answer) => {
        const entry = changesOf(answer).entries.at(-1)!;
        entry.tag = flip(entry.tag);
      });
      const fresh = await battle.freshDevice();

      const shown = await Promise.allSettled([
        fresh.client.entries.list(),
        fresh.client.entries.get(battle.ids.bank),
      ]);

      expect(shown.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      expect(JSON.stringify(shown)).not.toContain(CANARY);
      const stored = [...fresh.storage.values.keys()].filter((key) => key.includes('.cache.'));
      expect(stored).toEqual([]);
    },
  ),
  attack('C5', 'bit flipping: every bit of every field of an envelope', async () => {
    const keys = deriveVaultKeys(makeVaultKey());
    const id = crypto.randomUUID();
    const place = {
      object: 'entry',
      realm: REALM,
      vaultId: id,
      vkEpoch: 1,
      entryId: id,
      version: 1,
      schema: 1,
    } as const;
    const sealed = await seal(keys.entryKey, place, utf8('an entry'));
    let refused = 0;
    let flipped = 0;
    for (const field of ['ciphertext', 'iv', 'tag'] as const) {
      const bits = decodeBase64Url(sealed[field]).length * 8;
      for (let bit = 0; bit < bits; bit += 1) {
        const bytes = decodeBase64Url(sealed[field]);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        flipped += 1;
        await open(keys.entryKey, place, { ...sealed, [field]: encodeBase64Url(bytes) }).catch(
          (error: unknown) => {
            if (error instanceof ZkvaultError) refused += 1;
          },
        );
      }
    }

    expect(flipped).toBe((49 + 256 + 12 + 16) * 8);
    expect(refused).toBe(flipped);
  }),
];

/** The same bytes, with a bit set in the last character that decoders used to ignore. */
function withSpareBit(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return `${text.slice(0, -1)}${alphabet[alphabet.indexOf(text.at(-1)!) | 1]}`;
}

function loginVaultWrap(battle: Battle): Wrap {
  return vaultOf(battle.server).fields.wrap!;
}

function placeOf(slot: string, operationId: string, answer: Answer): readonly object[] {
  if (operationId === 'login' && answer.status === 200) {
    const { wrap, accountState, vaults } = loginOf(answer);
    if (slot === 'wrap') return [wrap!];
    if (slot === 'accountState') return [accountState!];
    if (slot === 'vault key') return [vaults[0]!.wrap!];
  }
  if (operationId === 'getChanges') {
    const { entries, manifest, manifests } = changesOf(answer);
    if (slot === 'entry') return entries.slice(0, 1);
    if (slot === 'manifest') return [manifest!, ...manifests.slice(-1)];
  }
  return [];
}

interface Commit {
  readonly operations: readonly Entry[];
  readonly manifest: Sealed;
}

function lastCommit({ hostile }: Battle): Commit {
  return hostile.traffic.findLast(({ operationId }) => operationId === 'commitVault')!.request as Commit;
}

/** Names and kinds of all that a write sends. */
function shapeOf(battle: Battle): unknown {
  const { operations, manifest } = lastCommit(battle);
  return [Object.keys(operations[0]!).toSorted(), Object.keys(manifest).toSorted()];
}
