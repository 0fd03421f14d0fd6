/**
 * A server that lies to the holder of an API key: about what the key opens, and about the vault behind it.
 * Each lie must end in a typed error before anything is shown, and with nothing sent after it.
 */
import type { ApiKeySelf } from '@zkvault/contract';
import { decodeApiKey, deriveApiKeyKeys, encodeApiKey, makeApiKey } from '@zkvault/crypto-core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ListedVault } from '../src/account-state.ts';
import { openWithApiKey } from '../src/api-key-client.ts';
import { sealGrant } from '../src/api-key-grant.ts';
import type { ApiKeyScope } from '../src/api-key-management.ts';
import { AuthError, ForkError, IntegrityError, ProtocolError, ZkvaultError } from '../src/errors.ts';
import { inspectableStorage } from '../src/testing/inspectable-storage.ts';
import { CANARY, failureOf, givenEntries, givenWorld, PASSWORD, vaultOf, type World } from './world.ts';

let world: World;
let token: string;
let other: string;
const scopes: readonly ApiKeyScope[] = ['entries:read', 'entries:write'];

beforeEach(async () => {
  world = await givenWorld();
  await givenEntries(world.device, 'bank', 'airline');
  const { apiKeys } = world.device.client;
  ({ token } = await apiKeys.create({ password: PASSWORD, name: 'CI', scopes }));
  ({ token: other } = await apiKeys.create({ password: PASSWORD, name: 'other', scopes }));
});

const open = (apiKey = token, storage = inspectableStorage()) =>
  openWithApiKey({ baseUrl: 'https://vault.example', fetch: world.server.fetch, apiKey, storage });

/** Lies about what a key opens. */
function lie(change: (answer: ApiKeySelf) => Partial<ApiKeySelf>): void {
  world.server.lie('getApiKeySelf', (answer) => {
    const self = structuredClone(answer.body) as ApiKeySelf;
    answer.body = { ...self, ...change(self) };
  });
}

const keptOf = (apiKey: string) => world.server.state.apiKeys.get(decodeApiKey(apiKey).id)!.parts;
const flip = (text: string) => `${text.slice(0, 90)}${text[90] === 'A' ? 'B' : 'A'}${text.slice(91)}`;
type Vaults = ApiKeySelf['vaults'];
const changed = (vaults: Vaults, change: Partial<Vaults[number]>): Vaults =>
  vaults.map((vault) => ({ ...vault, ...change }));

const lies: readonly (readonly [string, () => void, abstract new (...args: never[]) => Error])[] = [
  [
    'another key’s wrap',
    () => lie(({ vaults }) => ({ vaults: changed(vaults, { wrap: keptOf(other).wraps[0]!.wrap }) })),
    IntegrityError,
  ],
  ['another key’s grant', () => lie(() => ({ grant: keptOf(other).grant! })), IntegrityError],
  [
    'another key’s grant and wrap',
    () =>
      lie(({ vaults }) => ({
        grant: keptOf(other).grant!,
        vaults: changed(vaults, { wrap: keptOf(other).wraps[0]!.wrap }),
      })),
    IntegrityError,
  ],
  [
    'the wrap of the account in its place',
    () => lie(({ vaults }) => ({ vaults: changed(vaults, { wrap: vaultOf(world.server).fields.wrap }) })),
    IntegrityError,
  ],
  [
    'another vault under the same wrap',
    () => lie(({ vaults }) => ({ vaults: changed(vaults, { id: crypto.randomUUID() }) })),
    AuthError,
  ],
  ['the vault twice', () => lie(({ vaults }) => ({ vaults: [...vaults, ...vaults] })), IntegrityError],
  ['no vault at all', () => lie(() => ({ vaults: [] })), AuthError],
  ['no wrap', () => lie(({ vaults }) => ({ vaults: changed(vaults, { wrap: null }) })), AuthError],
  ['no grant', () => lie(() => ({ grant: null })), ProtocolError],
  ['another epoch', () => lie(({ vaults }) => ({ vaults: changed(vaults, { vkEpoch: 2 }) })), IntegrityError],
  [
    'no manifests any more',
    () => lie(({ vaults }) => ({ vaults: changed(vaults, { integrity: 'none' }) })),
    IntegrityError,
  ],
  [
    'no manifests and no wrap',
    () => lie(({ vaults }) => ({ vaults: changed(vaults, { integrity: 'none', wrap: null }) })),
    IntegrityError,
  ],
  ['another account', () => lie(() => ({ accountId: crypto.randomUUID() })), IntegrityError],
  ['another key’s id', () => lie(() => ({ id: decodeApiKey(other).id })), ProtocolError],
  [
    'an altered grant',
    () => lie(({ grant }) => ({ grant: { ...grant!, ciphertext: flip(grant!.ciphertext) } })),
    ZkvaultError,
  ],
  [
    'an altered wrap',
    () =>
      lie(({ vaults }) => ({
        vaults: changed(vaults, {
          wrap: { ...vaults[0]!.wrap!, ciphertext: flip(vaults[0]!.wrap!.ciphertext) },
        }),
      })),
    ZkvaultError,
  ],
  ['an answer that is none', () => lie(() => ({ vaults: 'none' as never })), ProtocolError],
];

describe('a server that says of a key', () => {
  it.for(lies)('%s, gets a typed error, and not one more request', async ([, attack, refusal]) => {
    attack();
    const sent = world.server.requests.length;

    const error = await failureOf(open());

    expect(error).toBeInstanceOf(refusal);
    expect(`${error.name} ${error.message} ${JSON.stringify(error)}`).not.toMatch(/canary|zkv_/);
    expect(world.server.requests).toHaveLength(sent + 1);
  });

  it('other scopes than were sealed, changes nothing of what the holder believes', async () => {
    const { token: readOnly } = await world.device.client.apiKeys.create({
      password: PASSWORD,
      name: 'reader',
      scopes: ['entries:read'],
    });
    lie(() => ({ scopes: ['entries:read', 'entries:write'] }));

    const client = await open(readOnly);

    expect(client.scopes).toEqual(['entries:read']);
  });
});

function aListedVault(): ListedVault {
  const hash = new Uint8Array(32);
  const { id } = vaultOf(world.server).fields;
  return {
    id,
    vkEpoch: 1,
    role: 'owner',
    integrity: 'manifest',
    createdHash: hash,
    checkpoint: { seq: 0, hash },
  };
}

describe('a grant', () => {
  /** The grant of the key, sealed anew by somebody who has its key half. */
  async function sealAnew(change: { readonly [field: string]: unknown }): Promise<void> {
    const { id: keyId, keyHalf } = decodeApiKey(token);
    const { grantKey } = deriveApiKeyKeys(keyHalf);
    const { accountId } = world.server.state.accounts.values().next().value!.body;
    const vault = aListedVault();
    const grant = await sealGrant(grantKey, {
      realm: 'vault.example',
      accountId,
      keyId,
      scopes,
      vaults: [vault],
      ...change,
    });
    lie(() => ({ grant }));
  }

  it('that lists a vault twice is refused', async () => {
    await sealAnew({ vaults: [aListedVault(), aListedVault()] });

    expect(await failureOf(open())).toMatchObject({ name: 'ProtocolError', code: 'document-invalid' });
  });

  it('that is another than this device saw for the key is a fork', async () => {
    const storage = inspectableStorage();
    await open(token, storage);
    await sealAnew({});

    expect(await failureOf(open(token, storage))).toBeInstanceOf(ForkError);
  });

  it.for([
    ['an unknown scope', { scopes: ['admin'] }],
    ['a scope twice', { scopes: ['entries:read', 'entries:read'] }],
    ['an unknown field', { extra: 1 }],
    ['a field missing', { scopes: undefined }],
  ] as const)('with %s is refused', async ([, change]) => {
    await sealAnew(change);

    expect(await failureOf(open())).toMatchObject({ name: 'ProtocolError', code: 'document-invalid' });
  });
});

describe('a stolen database with the auth half', () => {
  it('opens nothing: another key half under the same credential is refused by the grant', async () => {
    const { id, authHalf } = decodeApiKey(token);
    const guessed = encodeApiKey({ id, authHalf, keyHalf: makeApiKey(id).keyHalf });

    const error = await failureOf(open(guessed));

    expect(error).toMatchObject({ name: 'IntegrityError', code: 'integrity-failed' });
  });

  it('opens nothing either if grant and wraps of another key are put in its place', async () => {
    const thief = makeApiKey(decodeApiKey(token).id);
    const keys = deriveApiKeyKeys(thief.keyHalf);
    const { accountId } = world.server.state.accounts.values().next().value!.body;
    const vault = aListedVault();
    const grant = await sealGrant(keys.grantKey, {
      realm: 'vault.example',
      accountId,
      keyId: thief.id,
      scopes,
      vaults: [vault],
    });
    lie(() => ({ grant }));

    const asThief = await failureOf(open(encodeApiKey({ ...thief, authHalf: decodeApiKey(token).authHalf })));
    const asHolder = await failureOf(open());

    for (const error of [asThief, asHolder]) expect(error).toMatchObject({ code: 'integrity-failed' });
  });
});

describe('a server that lies about the vault behind a key', () => {
  const entriesOf = (answer: { body: unknown }) =>
    (answer.body as { entries: { ciphertext: string; version: number }[] }).entries;

  const attacks: readonly (readonly [string, (answer: { body: unknown }) => void])[] = [
    ['leaves an entry out', (answer) => void entriesOf(answer).pop()],
    [
      'alters an entry',
      (answer) => {
        const [first] = entriesOf(answer);
        first!.ciphertext = flip(first!.ciphertext);
      },
    ],
    [
      'calls an entry by another version',
      (answer) => {
        entriesOf(answer)[0]!.version = 9;
      },
    ],
  ];

  it.for(attacks)('and %s shows nothing, and is asked nothing more', async ([, attack]) => {
    const client = await open();
    world.server.lie('getChanges', attack);

    const error = await failureOf(client.entries.list());
    world.server.honest();
    const sent = world.server.requests.length;
    const later = await Promise.allSettled([
      client.entries.list(),
      client.sync(),
      client.entries.create({ type: 'note', title: 'later' }),
    ]);

    expect(error).toBeInstanceOf(IntegrityError);
    expect(error.message).not.toContain(CANARY);
    expect(later.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(world.server.requests).toHaveLength(sent);
    client.resumeAfterIntegrityFailure();
    expect(await client.entries.list()).toHaveLength(2);
  });
});
