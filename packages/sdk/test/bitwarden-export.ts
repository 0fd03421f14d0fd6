/**
 * @file Makes Bitwarden exports for tests: as many items as wished, of every type, the same ones for the
 * same seed, no two alike. Everything in them is invented.
 */

/** A plain JSON export as Bitwarden writes it. */
export interface BitwardenExport {
  readonly encrypted: false;
  readonly folders: readonly { readonly id: string; readonly name: string }[];
  readonly items: readonly BitwardenItem[];
}

/** One item of an export. Parts of another type than its own are absent. */
export interface BitwardenItem {
  readonly id: string;
  readonly type: number;
  readonly name: string;
  readonly [part: string]: unknown;
}

const folderNames = ['Work', 'Home', 'Bank', 'Shopping/Clothes', 'Škola', 'Reisen'] as const;
const sites = [
  'mail',
  'shop',
  'bank',
  'forum',
  'wiki',
  'cloud',
  'news',
  'games',
  'travel',
  'health',
] as const;
const people = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Zoë', 'Søren', 'Łukasz', '明'] as const;

/**
 * Makes an export.
 *
 * Of 20 items 16 are logins; the others are a secure note, a card, an identity and an SSH key.
 */
export function makeBitwardenExport(count: number, seed = 1): BitwardenExport {
  const dice = makeDice(seed);
  const folders = folderNames.map((name) => ({ id: makeId(dice), name }));
  const items = Array.from({ length: count }, (_, index) => {
    const folder = dice.chance(0.7) ? dice.pick(folders) : undefined;
    return { ...makeCommon(dice, index, folder?.id ?? null), ...makeContent(dice, index) };
  });
  return { encrypted: false, folders, items };
}

/** Every secret or telling text of an export that must never be readable on a server. */
export function plaintextsOf(source: BitwardenExport): string[] {
  const texts = source.items.flatMap((item) => {
    const login = item['login'] as
      | { username: string; password: string; uris: { uri: string }[] }
      | undefined;
    const card = item['card'] as { number: string } | undefined;
    return [
      item.name,
      item['notes'] as string | null,
      login?.username,
      login?.password,
      login?.uris[0]?.uri,
      card?.number,
    ].filter((text) => typeof text === 'string');
  });
  return [...new Set(texts)];
}

function makeCommon(dice: Dice, index: number, folderId: string | null) {
  const createdAt = new Date(Date.UTC(2019, 0, 1) + dice.below(150_000_000) * 1000).toISOString();
  return {
    passwordHistory: dice.chance(0.1)
      ? [{ lastUsedDate: createdAt, password: `old-${dice.word(12)}-${index}` }]
      : null,
    revisionDate: createdAt,
    creationDate: createdAt,
    deletedDate: null,
    id: makeId(dice),
    organizationId: null,
    folderId,
    reprompt: 0,
    notes: dice.chance(0.3)
      ? `Note ${index}: ${dice.word(8)}\nsecond line, "quoted", ${dice.word(20)}`
      : null,
    favorite: dice.chance(0.1),
    collectionIds: null,
    ...(dice.chance(0.2)
      ? { fields: [{ name: 'PIN', value: `${dice.word(6)}-${index}`, type: 1, linkedId: null }] }
      : {}),
  };
}

function makeContent(dice: Dice, index: number) {
  switch (index % 20) {
    case 16:
      return {
        type: 2,
        name: `Secure note ${index} ${dice.word(5)}`,
        notes: `Written down ${index}: ${dice.word(40)}`,
        secureNote: { type: 0 },
      };
    case 17:
      return {
        type: 3,
        name: `Card ${index} ${dice.word(5)}`,
        card: {
          cardholderName: `${dice.pick(people)} Example`,
          brand: 'Visa',
          number: `4000${String(index).padStart(6, '0')}${String(100_000 + dice.below(900_000))}`,
          expMonth: String(1 + dice.below(12)),
          expYear: String(2027 + dice.below(6)),
          code: String(100 + dice.below(900)),
        },
      };
    case 18:
      return { type: 4, name: `Identity ${index} ${dice.word(5)}`, identity: makeIdentity(dice, index) };
    case 19:
      return {
        type: 5,
        name: `SSH key ${index} ${dice.word(5)}`,
        sshKey: {
          privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${dice.word(70)}\n${dice.word(70)}\n-----END OPENSSH PRIVATE KEY-----\n`,
          publicKey: `ssh-ed25519 AAAA${dice.word(64)} ${dice.pick(people).toLowerCase()}@example.test`,
          keyFingerprint: `SHA256:${dice.word(43)}`,
        },
      };
    default:
      return { type: 1, ...makeLogin(dice, index) };
  }
}

function makeLogin(dice: Dice, index: number) {
  const host = `${dice.pick(sites)}-${index}.example.test`;
  const uris = [{ match: null, uri: `https://${host}/login` }];
  if (dice.chance(0.15)) uris.push({ match: null, uri: `https://m.${host}` });
  return {
    name: `${host} (${dice.pick(people)})`,
    login: {
      fido2Credentials: [],
      uris,
      username: `${dice.word(6)}.${index}@example.test`,
      password: `${dice.word(14)}!${index}Ü`,
      totp: dice.chance(0.2) ? `otpauth://totp/${host}?secret=JBSWY3DPEHPK3PXP&issuer=example` : null,
    },
  };
}

function makeIdentity(dice: Dice, index: number) {
  return {
    title: 'Dr',
    firstName: dice.pick(people),
    middleName: null,
    lastName: `Example-${index}`,
    address1: `${1 + dice.below(200)} Long Street`,
    address2: null,
    address3: null,
    city: 'Bern',
    state: null,
    postalCode: String(1000 + dice.below(9000)),
    country: 'CH',
    company: null,
    email: `person.${index}@example.test`,
    phone: `+41 31 ${100 + dice.below(900)} 00 00`,
    ssn: `${dice.word(9)}-${index}`,
    username: null,
    passportNumber: `X${1_000_000 + index}`,
    licenseNumber: null,
  };
}

interface Dice {
  below(limit: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  word(length: number): string;
}

/** Mulberry32: small, and the same numbers for the same seed on every machine. */
function makeDice(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  return {
    below,
    chance: (probability) => next() < probability,
    pick: (items) => items[below(items.length)] as (typeof items)[number],
    word: (length) => Array.from({ length }, () => letters[below(letters.length)]).join(''),
  };
}

function makeId(dice: Dice): string {
  const hex = Array.from({ length: 32 }, () => dice.below(16).toString(16)).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}
