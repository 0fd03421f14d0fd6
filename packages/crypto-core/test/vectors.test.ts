import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../src/bytes.ts';
import { deriveRecoveryKeys } from '../src/key-schedule.ts';
import { wrapAccountKey } from '../src/key-wrap.ts';
import { accountKeyFromBytes, keyFromBytes } from '../src/keys.ts';
import { nativeKdf } from '../src/node.ts';
import type { Kdf } from '../src/primitives/argon2.ts';
import { sha256 } from '../src/primitives/hash.ts';
import recorded from '../vectors/zkv1.json' with { type: 'json' };
import { checkVectors } from './recorded-vectors.ts';

/** For documents whose answers do not hang on the KDF. */
const noKdf: Kdf = { argon2id: async () => new Uint8Array(32) };

describe('the recorded vectors of zkv1', () => {
  it('all hold', async () => {
    expect(await checkVectors(recorded, nativeKdf)).toEqual({
      passed: 72,
      failures: [],
      unknownSections: [],
    });
  });

  it('are the bytes that were recorded', () => {
    const bytes = readFileSync(new URL('../vectors/zkv1.json', import.meta.url));

    expect(bytesToHex(sha256(bytes))).toBe(
      'c131d7c25adee9a5c00bc198b11e94dc90e2e5ee54594c8866405e20475618ea',
    );
  });
});

type Mutable = Record<string, unknown>;

/** The part of the recorded document that a case in it hangs on. */
function partAbout(section: string): Mutable {
  const { encoding, keySchedule, subkeys, envelopes, wraps, radix, tomb, ...header } =
    structuredClone(recorded);
  const parts: Mutable = {
    encoding: { encoding },
    keySchedule: { keySchedule: [keySchedule[2]] },
    subkeys: { subkeys },
    envelopes: { envelopes },
    wraps: { keySchedule, subkeys, wraps },
    radix: { radix },
    tomb: { encoding, tomb },
    realm: { envelopes },
  };
  return { ...header, ...(parts[section] as Mutable) };
}

/** That part with one leaf of its JSON replaced. */
function withLeaf(path: readonly (string | number)[], value: unknown): unknown {
  const part = partAbout(String(path[0]));
  let at = part;
  for (const step of path.slice(0, -1)) at = at[step] as Mutable;
  at[path.at(-1)!] = value;
  return part;
}

const stretched = new Map<string, Promise<Uint8Array>>();

/** The real KDF, which computes each answer once. */
const cachedKdf: Kdf = {
  async argon2id(input) {
    const name = `${bytesToHex(input.salt)} ${input.memoryKib}`;
    const answer = stretched.get(name) ?? nativeKdf.argon2id(input);
    stretched.set(name, answer);
    return (await answer).slice();
  },
};

describe('a document of vectors', () => {
  it.for([
    [['encoding', 3, 'enc'], '5a4b5631'],
    [['keySchedule', 0, 'effSalt'], '00'],
    [['keySchedule', 0, 'stretched'], '00'],
    [['keySchedule', 0, 'root'], '00'],
    [['keySchedule', 0, 'authKey'], '00'],
    [['keySchedule', 0, 'kekPw'], '00'],
    [['keySchedule', 0, 'profile'], 4],
    [['keySchedule', 0, 'password'], 'short'],
    [['keySchedule', 0, 'salt'], '00'],
    [['subkeys', 'akPins'], '00'],
    [['subkeys', 'akOther'], '00'],
    [['subkeys', 'AK'], '00'],
    [['envelopes', 1, 'plaintext'], 'other'],
    [['envelopes', 1, 'version'], 9],
    [['envelopes', 1, 'salt'], '00112233445566778899aabbccddeeff'],
    [['envelopes', 1, 'ivBytes'], '00112233445566778899aabb'],
    [['envelopes', 1, 'envHash'], '00'],
    [['envelopes', 1, 'leaf'], '00'],
    [['envelopes', 1, 'envelope', 'tag'], 'AAAAAAAAAAAAAAAAAAAAAA'],
    [['envelopes', 1, 'envelope'], null],
    [['wraps', 0, 'opensTo'], '00'],
    [['wraps', 0, 'opensTo'], null],
    [['wraps', 0, 'keySchedule'], 17],
    [['wraps', 1, 'kind'], 'other'],
    [['wraps', 1, 'role'], 'reader'],
    [['radix', 4, 'root'], '00'],
    [['radix', 4, 'leaves', 0, 'leaf'], '00'],
    [['tomb', 'version'], 6],
    [['tomb', 'leaf'], null],
    [['realm'], 'other.example'],
    [['encoding', 0], 'no case'],
    [['encoding', 0], { fields: [] }],
  ] as const)('fails with %j being %j', async ([path, value]) => {
    const { failures } = await checkVectors(withLeaf(path, value), cachedKdf);

    expect(failures.length).toBeGreaterThan(0);
  });

  it.for([
    [null],
    [[]],
    [{}],
    ['text'],
    [7],
    [{ about: 'nothing' }],
    [{ encoding: [], tomb: null }],
    [{ other: [1] }],
  ])('is no success when it is %j', async ([document]) => {
    const { passed, failures } = await checkVectors(document, noKdf);

    expect(passed).toBe(0);
    expect(failures).toHaveLength(1);
  });

  it('may lack sections, hold nulls and name what is unknown', async () => {
    const { encoding, tomb, accountId } = recorded;
    const document = {
      accountId,
      encoding: [...encoding, { ...encoding[0] }],
      tomb: [tomb, tomb],
      radix: null,
      next: 1,
    };

    expect(await checkVectors(document, noKdf)).toEqual({
      passed: 7,
      failures: [],
      unknownSections: ['next'],
    });
  });

  it('may leave answers out, as long as one is left', async () => {
    const { envelopes, realm, vaultId } = recorded;
    const [envelope] = envelopes;
    const document = {
      realm,
      vaultId,
      envelopes: [{ ...envelope, salt: null, ivBytes: null, envHash: null }],
    };

    expect(await checkVectors(document, noKdf)).toEqual({ passed: 2, failures: [], unknownSections: [] });
  });

  it('may hold other wraps: one for recovery, and one that must be refused', async () => {
    const { subkeys, realm, accountId, vaultId: recoveryId } = recorded;
    const { wrappingKey } = deriveRecoveryKeys(keyFromBytes(hexToBytes(subkeys.RK)));
    const place = { object: 'wrap/recovery', realm, accountId, recoveryId, akEpoch: 1 } as const;
    const envelope = await wrapAccountKey(wrappingKey, place, accountKeyFromBytes(hexToBytes(subkeys.AK)));
    const wrap = { kind: 'recovery', recoveryId, akEpoch: 1, envelope, opensTo: subkeys.AK };
    const wraps = [wrap, { ...wrap, akEpoch: 2, opensTo: null }];

    expect(await checkVectors({ realm, accountId, subkeys, wraps }, noKdf)).toEqual({
      passed: 11,
      failures: [],
      unknownSections: [],
    });
  });
});
