/**
 * @file Every way to change one place of a JSON answer: the operators of a metamorphic test. What a client
 * shows must be what the honest answer leads to, or a typed error, whichever of them is applied.
 */
import { decodeBase64Url, encodeBase64Url } from '@zkvault/crypto-core';

/** One change at one place. */
export interface JsonMutation {
  /** `remove`, `flip a bit`, … */
  readonly operator: string;
  /** Where, as a JSON pointer; empty for the whole. */
  readonly pointer: string;
  /** The pointer with every index as `*`, for tables. */
  readonly leaf: string;
  /** Gives the changed copy of a body like the one the mutation was made from; undefined if the place is not there. */
  apply(body: unknown): unknown;
}

/** What else a server has at hand to put in. */
export interface MutationContext {
  /** The same operation's answer to another person. */
  readonly other?: unknown;
  /** Earlier answers of the same operation to this person. */
  readonly older?: readonly unknown[];
}

type Path = readonly (string | number)[];
const REMOVE = Symbol('remove');
/** Operator, and what it makes of a value; undefined where it does not apply. */
type Operator = readonly [string, (value: unknown) => unknown];

/**
 * Lists the changes of a body: every operator at every leaf, every array and every object. Changes that
 * change nothing (another person with the same value) are left out.
 */
export function mutationsOf(body: unknown, context: MutationContext = {}): readonly JsonMutation[] {
  const places = placesOf(body);
  return places.flatMap((path) => {
    const value = at(body, path);
    const operators = [...ownOperators(value), ...borrowedOperators(body, path, places, context)];
    return operators.flatMap(([operator, change]) => {
      const changed = change(structuredClone(value));
      if (changed === undefined || JSON.stringify(changed) === JSON.stringify(value)) return [];
      return [mutationOf(path, operator, changed)];
    });
  });
}

function mutationOf(path: Path, operator: string, changed: unknown): JsonMutation {
  return {
    operator,
    pointer: path.map((name) => `/${name}`).join(''),
    leaf: path.map((name) => `/${typeof name === 'number' ? '*' : name}`).join(''),
    apply: (body) => withChange(structuredClone(body), path, structuredCloneOrSymbol(changed)),
  };
}

function ownOperators(value: unknown): readonly Operator[] {
  if (Array.isArray(value)) return arrayOperators(value);
  const common: Operator[] = [
    ['remove', () => REMOVE],
    ['null', () => null],
    ['flip the type', flippedType],
    ['empty', () => (typeof value === 'string' ? '' : {})],
  ];
  if (typeof value === 'string') return [...common, ...textOperators(value)];
  if (typeof value === 'number') return [...common, ...numberOperators(value)];
  if (typeof value === 'boolean') return [...common, ['negate', () => !value]];
  return common;
}

function flippedType(value: unknown): unknown {
  if (typeof value === 'string') return /^\d+$/.test(value) ? Number(value) : 1;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value === null ? 0 : [value];
}

function textOperators(text: string): readonly Operator[] {
  return [
    ['truncate', () => text.slice(0, -1)],
    ['truncate to half', () => text.slice(0, text.length / 2)],
    ['extend', () => `${text}A`],
    ['extend by a group', () => `${text}AAAA`],
    ['pad', () => `${text}=`],
    ['blank', () => ` ${text}`],
    ['upper case', () => text.toUpperCase()],
    ['NUL', () => `${text}\u0000`],
    ['line break', () => `${text.slice(0, 4)}\n${text.slice(4)}`],
    ['lone surrogate', () => `${text}\ud800`],
    ['another alphabet', () => `${text.slice(0, -1)}${text.endsWith('+') ? '/' : '+'}`],
    ['twice', () => `${text}${text}`],
    ...bitsToFlip(text).map((bit): Operator => {
      return ['flip a bit', () => withFlippedBit(text, bit)];
    }),
  ];
}

function numberOperators(value: number): readonly Operator[] {
  return [
    ['+ 1', () => value + 1],
    ['- 1', () => value - 1],
    ['negative', () => -1 - value],
    ['fraction', () => value + 0.5],
    ['zero', () => 0],
    ['2^53 - 1', () => Number.MAX_SAFE_INTEGER],
    ['2^53 + 1', () => 2 ** 53 + 2],
    ['truncate', () => Math.floor(value / 10)],
    ['extend', () => value * 10 + 1],
    ['flip a bit', () => value ^ 1],
    ['flip a bit', () => value ^ 256],
  ];
}

function arrayOperators(list: readonly unknown[]): readonly Operator[] {
  const places = [...new Set([0, Math.floor(list.length / 2), list.length - 1])].filter(
    (index) => index >= 0,
  );
  return [
    ['remove', () => REMOVE],
    ['null', () => null],
    ['flip the type', () => Object.fromEntries(list.entries())],
    ['empty', () => []],
    ['reorder', () => list.toReversed()],
    ['extend', () => [...list, null]],
    ...(list.length === 0 ? [] : places).flatMap((index): readonly Operator[] => [
      ['duplicate an element', () => [...list, list[index]]],
      ['drop an element', () => list.toSpliced(index, 1)],
    ]),
  ];
}

/** What is put in from elsewhere: the same body, another person's, an older one. */
function borrowedOperators(
  body: unknown,
  path: Path,
  places: readonly Path[],
  { other, older = [] }: MutationContext,
): readonly Operator[] {
  const value = at(body, path);
  const alike = places.filter((place) => place !== path && kindOf(at(body, place)) === kindOf(value));
  const twin = alike.find((place) => place.at(-1) === path.at(-1));
  const stranger = alike.find((place) => place.at(-1) !== path.at(-1));
  const isNode = typeof value === 'object' && value !== null;
  const borrow = (operator: string, from: unknown, place: Path | undefined): readonly Operator[] => {
    const found = place === undefined ? undefined : at(from, place);
    return found === undefined ? [] : [[operator, () => found]];
  };
  return [
    ...borrow('swap with its like', body, twin),
    ...(isNode ? [] : borrow('swap with another leaf', body, stranger)),
    ...borrow("another person's", other, path),
    ...older.flatMap((each) =>
      borrow(path.length === 0 ? 'repeat an answer' : 'of an older answer', each, path),
    ),
  ];
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'object' && value !== null ? Object.keys(value).toSorted().join() : typeof value;
}

/** Whole, objects, arrays and leaves. */
function placesOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const children = Object.entries(value).flatMap(([name, child]) =>
    placesOf(child, [...path, Array.isArray(value) ? Number(name) : name]),
  );
  return [path, ...children];
}

function at(body: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (place, name) =>
      typeof place === 'object' && place !== null && Object.hasOwn(place, name)
        ? (place as Readonly<Record<string | number, unknown>>)[name]
        : undefined,
    body,
  );
}

function withChange(body: unknown, path: Path, changed: unknown): unknown {
  const name = path.at(-1);
  if (name === undefined) return changed === REMOVE ? {} : changed;
  const parent = at(body, path.slice(0, -1));
  if (typeof parent !== 'object' || parent === null) return undefined;
  const place = parent as Record<string | number, unknown>;
  if (changed === REMOVE && Array.isArray(parent)) parent.splice(Number(name), 1);
  else if (changed === REMOVE) delete place[name];
  else place[name] = changed;
  return body;
}

function structuredCloneOrSymbol(value: unknown): unknown {
  return typeof value === 'symbol' ? value : structuredClone(value);
}

/** The first bits, the last, and some between: of the decoded bytes where it is base64url, else of the characters. */
function bitsToFlip(text: string): readonly number[] {
  const count = (decoded(text)?.length ?? text.length) * 8;
  const parts = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((part) => Math.floor((count * part) / 10));
  return [...new Set([0, 7, ...parts, count - 1])].filter((bit) => bit >= 0 && bit < count);
}

function withFlippedBit(text: string, bit: number): string {
  const bytes = decoded(text);
  const index = bit >> 3;
  if (bytes !== undefined && bytes.length > 0) {
    bytes[index]! ^= 128 >> (bit & 7);
    return encodeBase64Url(bytes);
  }
  const code = text.charCodeAt(index);
  return `${text.slice(0, index)}${String.fromCharCode(code ^ 1)}${text.slice(index + 1)}`;
}

function decoded(text: string): Uint8Array | undefined {
  if (text.length < 16 || !/^[\w-]+$/.test(text) || text.includes('--')) return undefined;
  try {
    return decodeBase64Url(text);
  } catch {
    return undefined;
  }
}
