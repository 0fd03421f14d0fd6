/** @file The checks that are left out one at a time, each with the test that must notice. */

/** One check left out. */
export interface PlantedFault {
  readonly name: string;
  /** Below the root of the repository. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** The file of the test. */
  readonly suite: string;
  /** What its title contains. */
  readonly test: string;
}

const ATTACKS = 'packages/sdk/test/attacks/attacks.test.ts';
const sdk = (file: string): string => `packages/sdk/src/${file}`;
const core = (file: string): string => `packages/crypto-core/src/${file}`;

function byAttack(
  id: string,
  name: string,
  file: string,
  [from, to]: readonly [string, string],
): PlantedFault {
  return { name, file, from, to, suite: ATTACKS, test: `${id} ` };
}

const IN_PLACE = 'for (const name in shapes) fields.push(';
const without = (field: string): readonly [string, string] => [
  IN_PLACE,
  `for (const name in shapes) if (name !== '${field}') fields.push(`,
];

/** Every fault. */
export const plantedFaults: readonly PlantedFault[] = [
  byAttack('C8', 'the version in the place of an entry', core('place.ts'), without('version')),
  byAttack('C1', 'the entry id in the place of an entry', core('place.ts'), without('entryId')),
  byAttack('C3', 'the realm in every place', core('place.ts'), without('realm')),
  byAttack('C8', 'the root of the manifest', sdk('replica.ts'), [
    ' || !equalInConstantTime(tree.root(), manifest.root)',
    '',
  ]),
  {
    name: 'the count of the manifest',
    file: sdk('replica.ts'),
    from: 'tree.count !== manifest.count || ',
    to: '',
    suite: 'packages/sdk/src/replica.test.ts',
    test: 'another number of leaves',
  },
  {
    name: 'the epoch of an entry',
    file: sdk('replica.ts'),
    from: 'if (entry.vkEpoch !== place.vkEpoch)',
    to: 'if (false)',
    suite: 'packages/sdk/src/replica.test.ts',
    test: 'of another epoch',
  },
  byAttack('C10', 'the chain of manifests', sdk('manifest-check.ts'), [
    'if (!equalInConstantTime(links[index]!, previous.hash))',
    'if (false)',
  ]),
  byAttack('C9', 'the pin and the checkpoint, as the least commit', sdk('manifest-check.ts'), [
    'if (head.seq < newest)',
    'if (false)',
  ]),
  {
    name: 'the pin, as the one commit of its number',
    file: sdk('manifest-check.ts'),
    from: 'if (!equalInConstantTime(given.hash, known.hash))',
    to: 'if (false)',
    suite: 'packages/sdk/src/manifest-check.test.ts',
    test: 'that does not pass through what is known is a fork',
  },
  byAttack('B10', 'the pin of the account state', sdk('account-opening.ts'), [
    "assertFollows(pins.state, mark, 'the account state');",
    '',
  ]),
  byAttack('C5', 'the commitment to the key', core('sealing.ts'), [
    'if (!equalInConstantTime(commitment, ciphertext.subarray(1 + SALT_BYTES, HEADER_BYTES)))',
    'if (commitment.length === 0)',
  ]),
  byAttack('A10', 'the refusal of redirects', sdk('transport.ts'), [
    "redirect: 'error'",
    "redirect: 'follow'",
  ]),
  byAttack('B15', 'the spare bits of base64url', core('encoding.ts'), [
    '(spareBits === 0 ? 0 : NOT_A_DIGIT)',
    '0',
  ]),
  byAttack('B14', 'the length of the tag', core('sealing.ts'), [
    'if (tag.length !== TAG_BYTES)',
    'if (false)',
  ]),
  byAttack('B2', 'the suite of an envelope', core('sealing.ts'), [
    'if (ciphertext[0] !== SUITE)',
    'if (false)',
  ]),
  byAttack('A2', 'the list of allowed KDF profiles', sdk('sign-in.ts'), [
    'if (!allowedProfiles.includes(profile))',
    'if (false)',
  ]),
  byAttack('A2', 'the KDF profile that is pinned', sdk('sign-in.ts'), [
    'if (pins !== undefined && kdfRank(profile) < pins.kdfRank)',
    'if (false)',
  ]),
  byAttack('A14', 'the Secret Key that is pinned', sdk('sign-in.ts'), [
    'if (secretKey === undefined && skFlag === 1)',
    'if (false)',
  ]),
  byAttack('G5', 'the MAC of the pins', sdk('pins.ts'), ['verifyPins(key, document, mac);', '']),
  {
    name: 'the login and profile in the account state',
    file: sdk('account-opening.ts'),
    from: 'state.login !== account.login ||\n    state.kdfProfile !== account.profile ||\n    state.skFlag !== account.skFlag',
    to: 'false',
    suite: 'packages/sdk/src/account-opening.test.ts',
    test: '',
  },
  byAttack('B6', 'that the vaults given are those listed', sdk('account-opening.ts'), [
    'given.size !== account.vaults.length || given.size !== state.vaults.length',
    'false',
  ]),
  byAttack('A3', 'the largest answer', sdk('response-body.ts'), [
    'if (length > maxBytes)',
    'if (length < 0)',
  ]),
  byAttack('B15', 'the refusal of duplicate keys', 'packages/contract/src/strict-json.ts', [
    'if (keys.has(key))',
    'if (false)',
  ]),
  byAttack('B15', 'the refusal of __proto__', 'packages/contract/src/strict-json.ts', [
    'if (UNSAFE_KEYS.has(key))',
    'if (false)',
  ]),
  byAttack('C6', 'the gate that stays shut', sdk('gate.ts'), [
    'if (failure !== undefined) throw failure;',
    '',
  ]),
  byAttack('C7', 'each entry once', sdk('changes-download.ts'), [
    'if (deleted.has(entry.id) || (earlier !== undefined && entry.version <= earlier.version))',
    'if (deleted.has(entry.id) && earlier !== undefined)',
  ]),
  byAttack('C17', 'the end of rebases', sdk('commit.ts'), [
    'const MAX_ATTEMPTS = 3;',
    'const MAX_ATTEMPTS = 9;',
  ]),
  byAttack('B13', 'the check of the random source', core('primitives/random.ts'), [
    'if (equalInConstantTime(drawn.subarray(0, PROBE_BYTES), probe))',
    'if (false)',
  ]),
  {
    name: 'that an answer is to the commit that was sent',
    file: sdk('commit.ts'),
    from: 'if (answer.seq !== seq)',
    to: 'if (false)',
    suite: 'packages/sdk/test/write-attacks.test.ts',
    test: 'as another commit is not believed',
  },
  {
    name: 'that a lie at a login halts the open session',
    file: sdk('client.ts'),
    from: 'if (error instanceof IntegrityError) open?.gate.shut(error);',
    to: '',
    suite: 'packages/sdk/test/halt.test.ts',
    test: 'at a login',
  },
];
