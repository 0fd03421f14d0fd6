/**
 * @file Examples for the documentation, made from the schemas: the same ones each time, and each of them fits
 * its schema, which a test checks. Nothing in them is a secret of anybody.
 */
import type { TSchema } from '@sinclair/typebox';
import { DecodeError, decode } from './decode.ts';
import { type Problem, type ProblemCode, problems, problemType } from './problems.ts';

/** Values that read well, by the name of their field; taken where they fit the schema. */
const BY_NAME: Readonly<Record<string, readonly unknown[]>> = {
  accessToken: ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMThmIn0.c2lnbmF0dXJl'],
  action: ['login'],
  addressPrefix: ['203.0.113.0/24'],
  akEpoch: [1],
  code: ['format'],
  cursor: ['MDE4ZjNj'],
  default: ['60/minute'],
  email: ['ada@example.com'],
  expiresIn: [900],
  fullName: ['Ada Lovelace'],
  'idempotency-key': ['3f2504e0-4f89-41d3-9a0c-0305e82c3301'],
  'if-match': ['"1"'],
  limit: [50],
  login: ['ada@example.com', '5/minute'],
  name: ['laptop'],
  newLogin: ['ada.lovelace@example.com'],
  nextCursor: ['MDE4ZjNj'],
  otpauthUrl: [
    'otpauth://totp/zkvault:ada%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=zkvault',
  ],
  pointer: ['/body/login'],
  recoveryCode: ['K7QM-2V4X-9TBH-P3CD'],
  recoveryCodes: ['K7QM-2V4X-9TBH-P3CD', '5WZR-8NJE-1YGA-6FQT'],
  refresh: ['10/minute'],
  register: ['3/minute'],
  role: ['user', 'owner'],
  secret: ['JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'],
  session: ['600/minute'],
  since: [0],
  tokenType: ['Bearer'],
  totp: ['492039'],
  transport: ['body'],
  version: [1, '0.1.0'],
};

const INSTANT = '2026-01-31T12:00:00.000Z';

/**
 * An example of a schema. Optional fields are in it, of a union the first option that is not null.
 *
 * @param name of the field that it is for.
 * @throws {RangeError} no value for it is known here: add one to the table of names.
 */
export function exampleOf(schema: TSchema, name = ''): unknown {
  if (schema['properties'] !== undefined) {
    const fields = Object.entries(schema['properties'] as Record<string, TSchema>);
    return Object.fromEntries(fields.map(([field, child]) => [field, exampleOf(child, field)]));
  }
  if (schema['type'] === 'array') return exampleOfList(schema, name);
  if ('const' in schema) return schema['const'];
  const known = (BY_NAME[name] ?? []).find((value) => fits(schema, value));
  if (known !== undefined) return known;
  if (schema['anyOf'] !== undefined) {
    const [first] = (schema['anyOf'] as TSchema[]).filter(({ type }) => type !== 'null');
    return first === undefined ? null : exampleOf(first, name);
  }
  return exampleOfScalar(schema, name);
}

function exampleOfList(schema: TSchema, name: string): readonly unknown[] {
  const item = schema['items'] as TSchema;
  const { minItems = 1 } = schema as { readonly minItems?: number };
  const known = (BY_NAME[name] ?? []).filter((value) => fits(item, value));
  return Array.from({ length: Math.max(1, minItems) }, (_, index) => known[index] ?? exampleOf(item, name));
}

function exampleOfScalar(schema: TSchema, name: string): unknown {
  if (schema['type'] === 'integer') return schema['minimum'] ?? 0;
  if (schema['type'] === 'boolean') return true;
  if (schema['type'] === 'null') return null;
  const { minLength = 0 } = schema as { readonly minLength?: number };
  const candidates = [
    base64UrlOf(name, Math.max(minLength, 22)),
    base64UrlOf(name, minLength),
    uuidOf(name),
    INSTANT,
  ];
  const fitting = candidates.find((value) => fits(schema, value));
  if (fitting === undefined) throw new RangeError(`there is no example for the field ${name}`);
  // Free text takes anything, also bytes: do not look like them.
  return schema['pattern'] === undefined ? 'text' : fitting;
}

function fits(schema: TSchema, value: unknown): boolean {
  try {
    decode(schema, value);
    return true;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Characters that look random; the last is A, so that no spare bit is set. */
function base64UrlOf(name: string, length: number): string {
  const next = numbersOf(name);
  return `${Array.from({ length: Math.max(0, length - 1) }, () => ALPHABET[next() % ALPHABET.length]).join('')}A`;
}

function uuidOf(name: string): string {
  const next = numbersOf(name);
  const hex = (length: number): string => Array.from({ length }, () => (next() % 16).toString(16)).join('');
  return `018f${hex(4)}-${hex(4)}-7${hex(3)}-8${hex(3)}-${hex(12)}`;
}

/** Numbers that are the same each time for the same name: Lehmer's generator. */
function numbersOf(name: string): () => number {
  let state = Array.from(name).reduce(
    (sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) % 2_147_483_647,
    7,
  );
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state >>> 8;
  };
}

/** A refusal as it is answered. */
export function exampleOfProblem(code: ProblemCode): Problem {
  const { status, title } = problems[code];
  return {
    type: problemType(code),
    title,
    status,
    code,
    requestId: uuidOf('requestId'),
    ...(code === 'request-invalid' ? { errors: [{ pointer: '/body/login', code: 'length' }] } : {}),
    ...(code === 'conflict' ? { seq: 7 } : {}),
  };
}
