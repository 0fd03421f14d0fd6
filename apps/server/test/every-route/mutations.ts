/** @file Spoils a JSON value and its text in the ways in which clients, proxies and attackers do. */
import type { SeededRandom } from './seeded-random.ts';

/** A schema of the contract, as the JSON Schema that it is. */
type Schema = Readonly<Record<string, unknown>>;

/** A place in a value that can be replaced or removed, with the schema of what is there. */
interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
  readonly schema: Schema | undefined;
}

const MAX_SAFE = Number.MAX_SAFE_INTEGER;

/** Values of every type, those among them that languages and databases read differently. */
const strangers: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1,
  0.5,
  1e-7,
  2_147_483_647,
  2_147_483_648,
  -2_147_483_649,
  MAX_SAFE,
  MAX_SAFE + 1,
  1e21,
  1.797e308,
  '',
  '0',
  'null',
  'true',
  [],
  {},
  [[]],
  [null],
  { toString: 1 },
  { length: 3 },
  { $ne: null },
];

/** Text that breaks what handles it carelessly. */
export const hostileTexts: readonly string[] = [
  '\0',
  'a\0b',
  '\ud800',
  '\udfff\ud800',
  '\u{10ffff}',
  '\ufeff',
  '\u202e',
  '\u2028',
  'e\u0301'.repeat(30),
  'ﷺ'.repeat(20),
  '\r\nset-cookie: x=1',
  "'; drop table users; --",
  "' or '1'='1",
  '$1',
  '%s%n%x',
  '${7*7}',
  '{{7*7}}',
  '../../../../etc/passwd',
  '<script>alert(1)</script>',
  '\\',
  '"',
  '\\u0000',
  '{a,b}',
  '{}',
  'NaN',
  '-infinity',
  '0x10',
  '٣',
  '00000000-0000-0000-0000-000000000000',
  'FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF',
  '9999-12-31T23:59:59.999Z',
  '0000-01-01T00:00:00.000Z',
  '2026-02-31T00:00:00.000Z',
];

/** Names that a body may not have, or that mean something to JavaScript. */
const strangeNames: readonly string[] = [
  'admin',
  'role',
  'userId',
  'ownerId',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '__defineGetter__',
  '$where',
  '',
  ' ',
  'a b',
  'a/b~1',
  "'",
  'é',
  'x'.repeat(300),
];

/** Changes a value in one to three places, in place. */
export function spoilValue(value: unknown, schema: Schema | undefined, random: SeededRandom): unknown {
  const root = { value };
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    const places = placesOf(root, { value: schema });
    spoilPlace(random.pick(places), random);
  }
  return root.value;
}

function spoilPlace(place: Place, random: SeededRandom): void {
  const { holder, key, schema } = place;
  const present = (holder as Record<string, unknown>)[key];
  const put = (value: unknown): void => {
    (holder as Record<string, unknown>)[key] = value;
  };
  switch (random.below(8)) {
    case 0:
      return put(stranger(random));
    case 1:
      return put(random.pick(hostileTexts));
    case 2:
      if (key !== 'value') Reflect.deleteProperty(holder, key);
      return;
    case 3:
      return addName(present, random);
    case 4:
      return put(nested(random.pick([2, 14, 15, 16, 17, 60])));
    case 5:
      return put(typeof present === 'string' ? insertInto(present, random) : stranger(random));
    default:
      return put(atBounds(present, schema, random));
  }
}

/** A fresh one each time: what is put into a body may be spoilt again. */
function stranger(random: SeededRandom): unknown {
  return structuredClone(random.pick(strangers));
}

function addName(target: unknown, random: SeededRandom): void {
  if (Array.isArray(target) || Object.isFrozen(target)) return;
  const name = random.chance(0.2) ? '__proto__' : random.pick(strangeNames);
  Object.defineProperty(target, name, {
    value: stranger(random),
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

function insertInto(text: string, random: SeededRandom): string {
  const at = random.below(text.length + 1);
  return `${text.slice(0, at)}${random.pick(hostileTexts)}${text.slice(at + random.below(2))}`;
}

/** A value one below, at or one above a bound of its schema. */
function atBounds(present: unknown, schema: Schema | undefined, random: SeededRandom): unknown {
  const step = random.below(3) - 1;
  switch (schema?.['type']) {
    case 'string':
      return ofLength(present, boundOf(schema, ['minLength', 'maxLength'], random) + step);
    case 'integer':
      return boundOf(schema, ['minimum', 'maximum'], random) + step;
    case 'array':
      return ofCount(present, boundOf(schema, ['minItems', 'maxItems'], random) + step);
    default:
      return stranger(random);
  }
}

function boundOf(schema: Schema, names: readonly string[], random: SeededRandom): number {
  const bound: unknown = schema[random.pick(names)];
  return typeof bound === 'number' ? bound : random.pick([0, 255, 65_536]);
}

function ofLength(present: unknown, length: number): string {
  const text = typeof present === 'string' && present.length > 0 ? present : 'A';
  return text.repeat(Math.ceil(Math.max(0, length) / text.length)).slice(0, Math.max(0, length));
}

/** In characters of JSON; beyond it, what is repeated is a number. */
const MAX_REPEATED = 2 ** 25;

/** The items are one frozen value, or what is put into one later would be in all. */
function ofCount(present: unknown, count: number): unknown[] {
  const item: unknown = Array.isArray(present) && present.length > 0 ? structuredClone(present[0]) : 0;
  const isSmall = (JSON.stringify(item) ?? '').length * count <= MAX_REPEATED;
  return Array.from<unknown>({ length: Math.max(0, count) }).fill(isSmall ? Object.freeze(item) : 0);
}

/** Every place below a holder; what is frozen is one place. */
function placesOf(holder: Place['holder'], schemas: Readonly<Record<string, Schema | undefined>>): Place[] {
  return Object.entries(holder).flatMap(([key, child]) => {
    const schema = fittingBranch(schemas[key], child);
    const place: Place = { holder, key, schema };
    if (typeof child !== 'object' || child === null || Object.isFrozen(child)) return [place];
    return [place, ...placesOf(child as Place['holder'], schemasBelow(schema, child))];
  });
}

function schemasBelow(
  schema: Schema | undefined,
  child: object,
): Readonly<Record<string, Schema | undefined>> {
  const items = schema?.['items'] as Schema | undefined;
  if (Array.isArray(child)) return Object.fromEntries(Object.keys(child).map((index) => [index, items]));
  return (schema?.['properties'] ?? {}) as Record<string, Schema>;
}

/** Of a union the branch that has most of the value's names. */
function fittingBranch(schema: Schema | undefined, value: unknown): Schema | undefined {
  const branches = schema?.['anyOf'] as readonly Schema[] | undefined;
  if (branches === undefined) return schema;
  const names = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const shared = (branch: Schema): number =>
    names.filter((name) => Object.hasOwn(branch['properties'] ?? {}, name)).length;
  return branches.reduce((best, branch) => (shared(branch) > shared(best) ? branch : best));
}

/** Changes the text of a JSON document; what comes out may be no JSON, or no UTF-8. */
export function spoilText(text: string, random: SeededRandom): string | Buffer {
  const at = random.below(text.length + 1);
  switch (random.below(14)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return `${text.slice(0, at)}${random.pick([...'{}[]",:\\0e-', '\0', '\u0001', ' '])}${text.slice(at)}`;
    case 2:
      return text.replace(/"(\w+)":/, '"$1":null,"$1":');
    case 3:
      return text.replace('{', '{"__proto__":{"admin":true},');
    case 4:
      return text.replace('{', String.raw`{"\u005f_proto__":{"admin":true},`);
    case 5:
      return text.replace(
        /\d+/,
        random.pick(['1e400', '-1e400', '1e-400', '-0', '01', '1.', '.5', `1${'0'.repeat(400)}`]),
      );
    case 6:
      return random.pick(['[', '{"a":', '[{"a":']).repeat(random.pick([16, 17, 5_000]));
    case 7:
      return `${random.pick(['\ufeff', ' \t\r\n', '\u00a0', '/**/', '\0'])}${text}`;
    case 8:
      return `${text}${random.pick([' ', '\n', 'x', '{}', ',', '\0', '//'])}`;
    case 9:
      return text.replaceAll('"', "'");
    case 10:
      return Buffer.concat([
        Buffer.from(text.slice(0, at)),
        Buffer.from(random.pick(invalidUtf8)),
        Buffer.from(text.slice(at)),
      ]);
    case 11:
      return Buffer.from(text, 'utf16le');
    case 12:
      return random.pick([
        '',
        ' ',
        'null',
        'true',
        '0',
        '""',
        '[]',
        '[{}]',
        'NaN',
        'Infinity',
        'undefined',
        '{',
        '}',
        '"',
      ]);
    default:
      return text.replace(/"(?=\w)/, String.raw`"\ud800`);
  }
}

const invalidUtf8: readonly (readonly number[])[] = [
  [0xff],
  [0xc0, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xe2, 0x82],
];
