/**
 * @file JSON with the doors closed: no duplicate key, no `__proto__`, no depth without end,
 * no lone surrogate, no NUL, no number that JavaScript would round.
 */

/** How deep arrays and objects may nest. */
export const JSON_MAX_DEPTH = 16;

/** Why a text was refused. The text itself is never part of the message. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
}

const UNSAFE_KEYS: ReadonlySet<string> = new Set(['__proto__']);

/**
 * Parses JSON text strictly. The time is linear in the length of the text, whatever it holds.
 *
 * @param text untrusted; the caller bounds its length.
 * @throws {StrictJsonError} not JSON (RFC 8259), or one of the things this parser refuses.
 */
export function parseStrictJson(text: string): unknown {
  // The scan comes first, so that a text nested a million deep costs nothing.
  scan(text);
  return parseJson(text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new StrictJsonError('not JSON');
  }
}

/** Walks the text once and looks only at what JSON.parse hides; what is not JSON it may let pass. */
function scan(text: string): void {
  if (!text.isWellFormed()) throw new StrictJsonError('a lone surrogate');
  const keysOfObjects: (Set<string> | undefined)[] = [];
  let position = 0;
  while (position < text.length) {
    const character = text.charCodeAt(position);
    if (character === QUOTE) {
      const end = endOfString(text, position);
      const keys = keysOfObjects.at(-1);
      const value = stringAt(text, position, end);
      if (keys !== undefined && isKey(text, end)) addKey(keys, value);
      position = end + 1;
    } else if (character === OPEN_BRACE || character === OPEN_BRACKET) {
      keysOfObjects.push(character === OPEN_BRACE ? new Set() : undefined);
      if (keysOfObjects.length > JSON_MAX_DEPTH) throw new StrictJsonError('nested too deeply');
      position += 1;
    } else if (character === CLOSE_BRACE || character === CLOSE_BRACKET) {
      keysOfObjects.pop();
      position += 1;
    } else if (character === MINUS || (character >= DIGIT_0 && character <= DIGIT_9)) {
      position = endOfNumber(text, position);
    } else position += 1;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const LOWER_E = 0x65;
const UPPER_E = 0x45;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  if (end === -1) throw new StrictJsonError('not JSON');
  return end;
}

function isEscaped(text: string, position: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(position - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}

/** True if the string that ends here is followed by a colon. */
function isKey(text: string, end: number): boolean {
  let position = end + 1;
  while (text.charCodeAt(position) <= 0x20) position += 1;
  return text.charCodeAt(position) === COLON;
}

function addKey(keys: Set<string>, key: string): void {
  if (UNSAFE_KEYS.has(key)) throw new StrictJsonError('an unsafe key');
  if (keys.has(key)) throw new StrictJsonError('a duplicate key');
  keys.add(key);
}

/** The value of the string between two quotes; refuses what no field of ours may hold. */
function stringAt(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end);
  if (!raw.includes('\\')) return raw;
  const value = parseJson(`"${raw}"`) as string;
  if (!value.isWellFormed()) throw new StrictJsonError('a lone surrogate');
  if (value.includes('\0')) throw new StrictJsonError('a NUL character');
  return value;
}

/** Digits that no rounding can touch: 10^15 is below 2^53. */
const SAFE_DIGITS = 15;

function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  while (isNumberCharacter(text.charCodeAt(end))) end += 1;
  const literal = text.slice(start, end);
  if (literal.length > SAFE_DIGITS || /[eE]/.test(literal)) assertExact(Number(literal));
  return end;
}

/** True for what a number of JSON is made of: digits, the point, the signs and the two letters e. */
function isNumberCharacter(character: number): boolean {
  return (
    (character >= DIGIT_0 && character <= DIGIT_9) ||
    character === POINT ||
    character === LOWER_E ||
    character === UPPER_E ||
    character === PLUS ||
    character === MINUS
  );
}

function assertExact(value: number): void {
  if (Number.isNaN(value)) throw new StrictJsonError('not JSON');
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
    throw new StrictJsonError('a number beyond 2^53 - 1');
}
