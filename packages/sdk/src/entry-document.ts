/**
 * @file Entries as the JSON inside an envelope, schema 1. What this version does not know is kept,
 * so that an update by an old client loses nothing a newer one wrote.
 */

import { ProtocolError } from '@zkvault/crypto-core';
import type { CustomField, Entry, EntryChange, EntryDraft, EntryKind, JsonValue } from './entry-kinds.ts';
import { arrayOf, asObject, decodeDocument, encodeDocument, instant, invalid, text } from './sealed-json.ts';

/** Number of this schema; authenticated with every envelope. */
export const ENTRY_SCHEMA = 1;

/**
 * Largest document: its padded form and the envelope's header stay within the 262,144 bytes of the
 * wire; the next bucket would not.
 */
export const ENTRY_MAX_BYTES = 229_375;

type Reader = (value: unknown) => JsonValue;
type Fields = { readonly [name: string]: { readonly read: Reader; readonly empty: JsonValue } };

const textField = { read: text, empty: '' } as const;
const textList = { read: arrayOf('list', text) as Reader, empty: [] } as const;
const commonFields: Fields = {
  favorite: { read: flag, empty: false },
  tags: textList,
  notes: textField,
  fields: { read: arrayOf('fields', readCustomField) as unknown as Reader, empty: [] },
};

/** The fields of every kind, and what they are when absent. The table is the schema. */
const kindFields: { readonly [Kind in EntryKind]: Fields } = {
  login: { username: textField, password: textField, urls: textList, totp: textField },
  note: {},
  card: textFields('cardholder', 'brand', 'number', 'expiryMonth', 'expiryYear', 'securityCode'),
  identity: textFields(
    'honorific',
    'firstName',
    'middleName',
    'lastName',
    'username',
    'company',
    'email',
    'phone',
    'address1',
    'address2',
    'address3',
    'city',
    'state',
    'postalCode',
    'country',
    'nationalId',
    'passportNumber',
    'licenseNumber',
  ),
  'ssh-key': textFields('privateKey', 'publicKey', 'fingerprint'),
  custom: {},
};

type KnownFields = { readonly fields: Fields; readonly list: readonly (readonly [string, Fields[string]])[] };

/** All fields of every kind, made once: a vault has many entries and few kinds. */
const knownFields: ReadonlyMap<string, KnownFields> = new Map(
  Object.entries(kindFields).map(([kind, own]) => [kind, knownOf({ ...commonFields, ...own })]),
);
const otherFields: KnownFields = knownOf(commonFields);

const ENVELOPE_NAMES: ReadonlySet<string> = new Set(['type', 'title', 'createdAt', 'updatedAt']);

/** What stands beside the document. */
export interface EntryIdentity {
  readonly id: string;
  readonly version: number;
}

/** An entry as its reader will see it, and what is to be sealed of it. */
export interface EncodedEntry {
  readonly entry: Entry;
  readonly plaintext: Uint8Array;
}

/**
 * Reads the plaintext of an envelope.
 *
 * @throws {ProtocolError} it authenticates but is no entry of schema 1.
 */
export function decodeEntry(plaintext: Uint8Array, identity: EntryIdentity): Entry {
  return decodeDocument(plaintext, 'entry', (value) => readEntry(asObject(value, 'entry'), identity));
}

/**
 * Writes the plaintext of an envelope, and reads it back: what could not be opened is never sealed.
 *
 * @returns the plaintext and the entry as a reader will see it.
 * @throws {RangeError} not well-formed Unicode, a NUL, an empty title, too large.
 */
export function encodeEntry(entry: Entry): EncodedEntry {
  const { id, version, extra, type, ...known } = entry;
  const { originalType = type, ...fields } = known as typeof known & { readonly originalType?: string };
  const plaintext = encodeDocument({ type: originalType, ...fields, ...extra });
  if (plaintext.length > ENTRY_MAX_BYTES)
    throw new RangeError(`an entry must be at most ${ENTRY_MAX_BYTES} bytes, got ${plaintext.length}`);
  try {
    return { plaintext, entry: decodeEntry(plaintext, { id, version }) };
  } catch (error) {
    if (error instanceof ProtocolError)
      throw new RangeError('an entry must have a title, and well-formed text without NUL in every field', {
        cause: error,
      });
    throw error;
  }
}

/**
 * Makes an entry of a draft.
 *
 * @param at the time it is created, if the draft does not say.
 * @throws {RangeError} an unknown kind, or a field of another kind.
 */
export function entryOfDraft(draft: EntryDraft, identity: EntryIdentity, at: string): Entry {
  const { type, title, createdAt = at, updatedAt = createdAt, ...fields } = draft;
  if (!Object.hasOwn(kindFields, type)) throw new RangeError('a draft must be of a kind this version knows');
  const schema = { ...commonFields, ...kindFields[type] };
  const filled = Object.entries(schema).map(([name, { empty }]) => [name, empty]);
  const base = { ...identity, type, title, ...Object.fromEntries(filled), createdAt, updatedAt, extra: {} };
  return withFields(base as Entry, fields, schema);
}

/**
 * Makes the next version of an entry.
 *
 * @throws {RangeError} a field that this kind does not have.
 */
export function changedEntry(entry: Entry, change: EntryChange, at: string): Entry {
  const own = entry.type === 'other' ? {} : kindFields[entry.type];
  const next = { ...entry, version: entry.version + 1, updatedAt: at };
  return withFields(next, change, { ...commonFields, ...own, title: textField });
}

function withFields(base: Entry, fields: object, schema: Fields): Entry {
  const result: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(schema, name))
      throw new RangeError(`entries of this kind have no field ${JSON.stringify(name)}`);
    result[name] = value;
  }
  return result as unknown as Entry;
}

function readEntry(document: { readonly [name: string]: unknown }, identity: EntryIdentity): Entry {
  const type = text(document['type']);
  const known = knownFields.get(type);
  const schema = known ?? otherFields;
  const fields: Record<string, JsonValue> = {};
  for (const [name, { read, empty }] of schema.list)
    fields[name] = Object.hasOwn(document, name) ? read(document[name]) : empty;
  const extra: Record<string, JsonValue> = {};
  for (const name of Object.keys(document)) {
    if (!Object.hasOwn(schema.fields, name) && !ENVELOPE_NAMES.has(name))
      extra[name] = document[name] as JsonValue;
  }
  const entry = {
    ...identity,
    ...(known === undefined ? { type: 'other', originalType: type } : { type }),
    title: readTitle(document['title']),
    ...fields,
    createdAt: instant(document['createdAt']),
    updatedAt: instant(document['updatedAt']),
    extra,
  };
  return deepFreeze(entry as unknown as Entry);
}

function readTitle(value: unknown): string {
  const title = text(value);
  if (title === '') throw invalid('title');
  return title;
}

function flag(value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalid('flag');
  return value;
}

/** Custom fields of a newer version may say more; what they say beside is kept. */
function readCustomField(value: unknown): CustomField {
  const field = asObject(value, 'field');
  return { ...field, name: text(field['name']), value: text(field['value']), hidden: flag(field['hidden']) };
}

function knownOf(fields: Fields): KnownFields {
  return { fields, list: Object.entries(fields) };
}

function textFields(...names: readonly string[]): Fields {
  return Object.fromEntries(names.map((name) => [name, textField]));
}

/** Entries are shared by every reader of the client, so nobody may change one in place. */
function deepFreeze<Value extends object>(value: Value): Value {
  for (const child of Object.values(value))
    if (typeof child === 'object' && child !== null) deepFreeze(child);
  return Object.freeze(value);
}
