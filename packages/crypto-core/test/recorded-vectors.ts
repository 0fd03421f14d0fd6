/**
 * @file Checks a document of recorded known answers, in the format of `vectors/zkv1.json`.
 * Works in every runtime. A section or an answer that is absent or null is not checked; one that is not
 * understood is a failure, never a pass.
 */
import { bytesToHex, hexToBytes, utf8 } from '../src/bytes.ts';
import { encodeFields, type Field } from '../src/encoding.ts';
import { envelopeHash, open } from '../src/envelope.ts';
import { IntegrityError } from '../src/errors.ts';
import { normalizePassword, parseKdfProfile, stretchPassword } from '../src/kdf-profiles.ts';
import {
  deriveAccountKeys,
  derivePasswordKeys,
  deriveRecoveryKeys,
  deriveVaultKeys,
  effectiveSalt,
  type PasswordInput,
  passwordRoot,
} from '../src/key-schedule.ts';
import { unwrapAccountKey, unwrapVaultKey } from '../src/key-wrap.ts';
import { accountKeyFromBytes, keyFromBytes, secretKeyFromBytes, vaultKeyFromBytes } from '../src/keys.ts';
import { entryLeaf, tombstoneLeaf } from '../src/manifest.ts';
import { emptyManifestTree } from '../src/manifest-tree.ts';
import type { Kdf } from '../src/primitives/argon2.ts';
import { type Envelope, sealWith } from '../src/sealing.ts';

/** What came of a document. It is good only if something passed and nothing failed. */
export interface VectorReport {
  readonly passed: number;
  readonly failures: readonly string[];
  /** Sections that this program does not know and did not check. */
  readonly unknownSections: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

/** Compares an answer, if the document has one, with the value computed. */
type Check = (what: string, expected: unknown, compute: () => unknown) => Promise<void>;

interface Context {
  readonly document: Json;
  readonly kdf: Kdf;
  readonly check: Check;
}

const SECTIONS = {
  encoding: checkEncoding,
  keySchedule: checkKeySchedule,
  subkeys: checkSubkeys,
  envelopes: checkEnvelope,
  wraps: checkWrap,
  radix: checkRadix,
  tomb: checkTombstone,
} as const;

/** Checks every known answer of a parsed document. Never throws for what the document holds. */
export async function checkVectors(document: unknown, kdf: Kdf): Promise<VectorReport> {
  let passed = 0;
  const failures: string[] = [];
  const check: Check = async (what, expected, compute) => {
    if (expected === undefined || expected === null) return;
    const wanted = JSON.stringify(expected);
    const got = await settle(compute);
    if (got === wanted) passed += 1;
    else failures.push(`${what}: expected ${brief(wanted)}, got ${brief(got)}`);
  };
  if (!isObject(document))
    return { passed, failures: ['the file is not a JSON object'], unknownSections: [] };
  const context = { document, kdf, check };
  for (const [name, checkCase] of Object.entries(SECTIONS)) {
    for (const [index, item] of casesOf(document[name]).entries()) {
      const what = `${name}[${index}]`;
      const before = passed + failures.length;
      try {
        if (!isObject(item)) throw new TypeError('a case must be an object');
        await checkCase(context, item, what);
        if (passed + failures.length === before) failures.push(`${what}: no known answer in it`);
      } catch (error) {
        failures.push(`${what}: ${String(error)}`);
      }
    }
  }
  if (passed + failures.length === 0) failures.push('the file has no known answer');
  const known = new Set<string>([...Object.keys(SECTIONS), ...HEADER_FIELDS]);
  return { passed, failures, unknownSections: Object.keys(document).filter((name) => !known.has(name)) };
}

const HEADER_FIELDS = ['about', 'accountId', 'vaultId', 'realm', 'login'];

/** A lone object is a section of one case. */
function casesOf(section: unknown): readonly unknown[] {
  if (section === undefined || section === null) return [];
  return Array.isArray(section) ? section : [section];
}

async function settle(compute: () => unknown): Promise<string> {
  try {
    return JSON.stringify(await compute());
  } catch (error) {
    return String(error);
  }
}

async function checkEncoding({ check }: Context, item: Json, what: string): Promise<void> {
  await check(`${what}.enc`, item['enc'], () =>
    bytesToHex(encodeFields(...(item['fields'] as readonly Field[]))),
  );
}

function passwordInput({ document, kdf }: Context, item: Json): PasswordInput {
  const secretKey = item['secretKey'] ?? undefined;
  return {
    profile: parseKdfProfile(item['profile']),
    password: text(item, 'password'),
    secretKey: secretKey === undefined ? undefined : secretKeyFromBytes(bytes(item, 'secretKey')),
    realm: text(item, 'realm', document),
    login: text(item, 'login', document),
    salt: bytes(item, 'salt'),
    kdf,
  };
}

async function checkKeySchedule(context: Context, item: Json, what: string): Promise<void> {
  const { check } = context;
  const input = passwordInput(context, item);
  const salt = effectiveSalt(input);
  const stretched = await stretchPassword({ ...input, password: normalizePassword(input.password), salt });
  const keys = await derivePasswordKeys(input);
  await check(`${what}.effSalt`, item['effSalt'], () => bytesToHex(salt));
  await check(`${what}.stretched`, item['stretched'], () => bytesToHex(stretched));
  await check(`${what}.root`, item['root'], () => bytesToHex(passwordRoot(stretched, input)));
  await check(`${what}.authKey`, item['authKey'], () => bytesToHex(keys.authKey));
  await check(`${what}.kekPw`, item['kekPw'], () => bytesToHex(keys.wrappingKey));
}

async function checkSubkeys({ check }: Context, item: Json, what: string): Promise<void> {
  const account = () => deriveAccountKeys(accountKeyFromBytes(bytes(item, 'AK')));
  const vault = () => deriveVaultKeys(vaultKeyFromBytes(bytes(item, 'VK')));
  const recovery = () => deriveRecoveryKeys(keyFromBytes(bytes(item, 'RK')));
  const derivations: Readonly<Record<string, () => Uint8Array>> = {
    akVault: () => account().vaultWrappingKey,
    akState: () => account().stateKey,
    akIdent: () => account().identityKey,
    akPins: () => account().pinsKey,
    vkEntry: () => vault().entryKey,
    vkManifest: () => vault().manifestKey,
    vkBlob: () => vault().blobKey,
    recKek: () => recovery().wrappingKey,
    recAuth: () => recovery().authKey,
  };
  for (const [name, expected] of Object.entries(item)) {
    if (['AK', 'VK', 'RK'].includes(name)) continue;
    const derivation = derivations[name];
    await check(`${what}.${name}`, expected, () =>
      derivation === undefined ? 'no such subkey' : bytesToHex(derivation()),
    );
  }
}

async function checkEnvelope({ document, check }: Context, item: Json, what: string): Promise<void> {
  const key = keyFromBytes<'entry'>(bytes(item, 'key'));
  const envelope = item['envelope'] as Envelope;
  const entry = {
    entryId: text(item, 'entryId'),
    version: integer(item, 'version'),
    vkEpoch: integer(item, 'vkEpoch'),
  };
  const place = {
    object: 'entry',
    realm: text(item, 'realm', document),
    vaultId: text(item, 'vaultId', document),
    ...entry,
    schema: integer(item, 'schema'),
  } as const;
  await check(`${what} opens to its plaintext`, item['plaintext'], async () =>
    new TextDecoder().decode(await open(key, place, envelope)),
  );
  if (isGiven(item, 'salt') && isGiven(item, 'ivBytes') && isGiven(item, 'plaintext'))
    await check(`${what} is what its plaintext seals to`, sortedFields(envelope), async () => {
      const freshness = { salt: bytes(item, 'salt'), iv: bytes(item, 'ivBytes') };
      return sortedFields(await sealWith(key, place, utf8(text(item, 'plaintext')), freshness));
    });
  await check(`${what}.envHash`, item['envHash'], () => bytesToHex(envelopeHash(envelope)));
  await check(`${what}.leaf`, item['leaf'], () =>
    bytesToHex(entryLeaf({ ...entry, envelopeHash: envelopeHash(envelope) })),
  );
}

async function checkWrap(context: Context, item: Json, what: string): Promise<void> {
  const unwrap = WRAPS[text(item, 'kind')];
  if (unwrap === undefined) throw new TypeError(`unknown kind of wrap: ${text(item, 'kind')}`);
  if (item['opensTo'] === null)
    return context.check(`${what} is refused`, true, async () => {
      try {
        await unwrap(context, item);
        return false;
      } catch (error) {
        return error instanceof IntegrityError;
      }
    });
  await context.check(`${what}.opensTo`, item['opensTo'], async () =>
    bytesToHex(await unwrap(context, item)),
  );
}

const WRAPS: Readonly<Record<string, (context: Context, item: Json) => Promise<Uint8Array>>> = {
  async password(context, item) {
    const scheduled = casesOf(context.document['keySchedule'])[integer(item, 'keySchedule')];
    if (!isObject(scheduled)) throw new TypeError('the key schedule has no such case');
    const input = passwordInput(context, scheduled);
    const { wrappingKey } = await derivePasswordKeys(input);
    const { realm, login, profile, salt } = input;
    const skFlag = input.secretKey === undefined ? 0 : 1;
    const place = { realm, login, profile, skFlag, salt, ...accountPlace(context, item) } as const;
    return unwrapAccountKey(wrappingKey, { object: 'wrap/password', ...place }, envelopeOf(item));
  },
  async recovery(context, item) {
    const { wrappingKey } = deriveRecoveryKeys(keyFromBytes(bytes(subkeysOf(context), 'RK')));
    const realm = text(item, 'realm', context.document);
    const place = { realm, recoveryId: text(item, 'recoveryId'), ...accountPlace(context, item) };
    return unwrapAccountKey(wrappingKey, { object: 'wrap/recovery', ...place }, envelopeOf(item));
  },
  async vaultkey({ document, ...context }, item) {
    const subkeys = subkeysOf({ document, ...context });
    const { vaultWrappingKey } = deriveAccountKeys(accountKeyFromBytes(bytes(subkeys, 'AK')));
    const place = {
      object: 'vaultkey',
      realm: text(item, 'realm', document),
      accountId: text(item, 'accountId', document),
      vaultId: text(item, 'vaultId', document),
      vkEpoch: integer(item, 'vkEpoch'),
      role: text(item, 'role'),
    } as const;
    return unwrapVaultKey(vaultWrappingKey, place, envelopeOf(item));
  },
};

function accountPlace({ document }: Context, item: Json) {
  return { accountId: text(item, 'accountId', document), akEpoch: integer(item, 'akEpoch') };
}

function subkeysOf({ document }: Context): Json {
  const [subkeys] = casesOf(document['subkeys']);
  if (!isObject(subkeys)) throw new TypeError('the file has no subkeys');
  return subkeys;
}

function envelopeOf(item: Json): Envelope {
  return item['envelope'] as Envelope;
}

/** The root must come out whichever way the set is written. */
async function checkRadix({ check }: Context, item: Json, what: string): Promise<void> {
  const leaves = (item['leaves'] as readonly Json[]).map((leaf) => ({
    entryId: text(leaf, 'entryId'),
    leaf: bytes(leaf, 'leaf'),
  }));
  await check(`${what}.root`, item['root'], () => bytesToHex(emptyManifestTree.with(leaves).root()));
  await check(`${what}.root, written backwards one by one`, item['root'], () => {
    let tree = emptyManifestTree;
    for (const leaf of leaves.toReversed()) tree = tree.with([leaf]);
    return bytesToHex(tree.root());
  });
}

async function checkTombstone({ check }: Context, item: Json, what: string): Promise<void> {
  const deletion = { entryId: text(item, 'entryId'), version: integer(item, 'version') };
  await check(`${what}.leaf`, item['leaf'], () => bytesToHex(tombstoneLeaf(deletion)));
}

function sortedFields({ ciphertext, iv, tag }: Envelope): Envelope {
  return { ciphertext, iv, tag };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isGiven(item: Json, name: string): boolean {
  return item[name] !== undefined && item[name] !== null;
}

/** Text of a case, or of the document's header where the case has none of its own. */
function text(item: Json, name: string, header?: Json): string {
  const value = item[name] ?? header?.[name];
  if (typeof value !== 'string') throw new TypeError(`${name} must be text`);
  return value;
}

function bytes(item: Json, name: string): Uint8Array {
  return hexToBytes(text(item, name));
}

function integer(item: Json, name: string): number {
  const value = item[name];
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number`);
  return value;
}

function brief(value: string): string {
  return value.length > 200 ? `${value.slice(0, 200)}… (${value.length} characters)` : value;
}
