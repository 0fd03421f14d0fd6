/** @file Which fields an entry of each kind takes from the command line, and which of them are secret. */
import type { CustomField, Entry, EntryChange, EntryDraft, EntryKind } from '@zkvault/sdk';
import { CliError } from './cli-error.ts';

/** The fields of one kind, by how they are given. */
export interface KindInput {
  /** Given with `--set NAME=VALUE`. */
  readonly open: readonly string[];
  /** Asked for, or read from standard input, in this order. */
  readonly asked: readonly string[];
  /** Asked for only with `--secret NAME`. */
  readonly askable: readonly string[];
}

const identityOpen = [
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
];

/** What each kind takes. Notes are asked for too: what people write there is often secret. */
export const kindInputs: Readonly<Record<EntryKind, KindInput>> = {
  login: { open: ['username'], asked: ['password'], askable: ['totp', 'notes'] },
  note: { open: [], asked: ['notes'], askable: [] },
  card: {
    open: ['cardholder', 'brand', 'expiryMonth', 'expiryYear'],
    asked: ['number', 'securityCode'],
    askable: ['notes'],
  },
  identity: {
    open: identityOpen,
    asked: [],
    askable: ['nationalId', 'passportNumber', 'licenseNumber', 'notes'],
  },
  'ssh-key': { open: ['publicKey', 'fingerprint'], asked: ['privateKey'], askable: ['notes'] },
  custom: { open: [], asked: [], askable: ['notes'] },
};

/** Fields that have several lines: on standard input they take all that is left. */
const longFields: ReadonlySet<string> = new Set(['notes', 'privateKey']);

/** What the flags of `zkvault add` say. */
export interface EntryFlags {
  readonly kind: EntryKind;
  readonly title: string;
  readonly favorite: boolean;
  readonly tags: readonly string[];
  readonly urls: readonly string[];
  /** `NAME=VALUE`. */
  readonly set: readonly string[];
  /** `NAME=VALUE`. */
  readonly fields: readonly string[];
}

/** The draft that flags and secrets make together. */
export function makeDraft(
  flags: EntryFlags,
  secrets: { readonly own: ReadonlyMap<string, string>; readonly custom: readonly CustomField[] },
): EntryDraft {
  const { kind, title, favorite, tags } = flags;
  const input = kindInputs[kind];
  const set = flags.set.map((pair) => splitPair(pair, '--set'));
  for (const [name] of set) assertOpen(name, kind, input);
  if (flags.urls.length > 0 && kind !== 'login') throw new CliError('usage', 'only a login has URLs');
  const fields = flags.fields.map((pair) => {
    const [name, value] = splitPair(pair, '--field');
    return { name, value, hidden: false };
  });
  const draft = {
    type: kind,
    title,
    favorite,
    tags,
    fields: [...fields, ...secrets.custom],
    ...Object.fromEntries(set),
    ...Object.fromEntries(secrets.own),
    ...(kind === 'login' && { urls: flags.urls }),
  };
  return draft;
}

/** What the flags of `zkvault edit` say; what is absent stays as it is. */
export interface ChangeFlags {
  readonly title: string | undefined;
  readonly favorite: boolean | undefined;
  /** All of them, in place of those there are. */
  readonly tags: readonly string[] | undefined;
  readonly urls: readonly string[] | undefined;
  /** `NAME=VALUE`. */
  readonly set: readonly string[];
  /** `NAME=VALUE`. */
  readonly fields: readonly string[];
  /** Names of own fields that go. */
  readonly removed: readonly string[];
}

/** The change of an entry that flags and secrets make together. */
export function makeChange(
  entry: Entry,
  flags: ChangeFlags,
  secrets: { readonly own: ReadonlyMap<string, string>; readonly custom: readonly CustomField[] },
): EntryChange {
  const kind = entry.type;
  const set = flags.set.map((pair) => splitPair(pair, '--set'));
  for (const [name] of set) assertOpen(name, kind, inputOf(kind));
  if (flags.urls !== undefined && kind !== 'login') throw new CliError('usage', 'only a login has URLs');
  const open = flags.fields.map((pair) => {
    const [name, value] = splitPair(pair, '--field');
    return { name, value, hidden: false };
  });
  const fields = changeFields(entry, [...open, ...secrets.custom], flags.removed);
  return {
    ...(flags.title !== undefined && { title: flags.title }),
    ...(flags.favorite !== undefined && { favorite: flags.favorite }),
    ...(flags.tags !== undefined && { tags: flags.tags }),
    ...(flags.urls !== undefined && { urls: flags.urls }),
    ...(fields !== undefined && { fields }),
    ...Object.fromEntries(set),
    ...Object.fromEntries(secrets.own),
  };
}

/** The entry's own fields with some replaced by name, some added and some gone; undefined if none of it. */
function changeFields(
  entry: Entry,
  given: readonly CustomField[],
  removed: readonly string[],
): readonly CustomField[] | undefined {
  if (given.length === 0 && removed.length === 0) return undefined;
  for (const name of removed)
    if (!entry.fields.some((field) => field.name === name))
      throw new CliError('not-found', `the entry has no field ${JSON.stringify(name)} of yours`, {
        code: 'field-not-found',
      });
  const gone = new Set([...removed, ...given.map(({ name }) => name)]);
  return [...entry.fields.filter(({ name }) => !gone.has(name)), ...given];
}

/** Notes are all that is known of a kind that only a newer version knows. */
function inputOf(kind: Entry['type']): KindInput {
  return kind === 'other' ? { open: [], asked: [], askable: ['notes'] } : kindInputs[kind];
}

/** The secrets of an entry that are to be changed, long ones last. */
export function secretsToChange(entry: Entry, named: readonly string[]): readonly string[] {
  const { asked, askable } = inputOf(entry.type);
  return orderSecrets(entry.type, named, [...asked, ...askable]);
}

/** The secrets to ask for, in order: those of the kind, then the ones that were named. Long ones come last. */
export function secretsToAsk(
  kind: EntryKind,
  named: readonly string[],
  generated: boolean,
): readonly string[] {
  const { asked, askable } = kindInputs[kind];
  const wanted = [...asked, ...named].filter((name) => !(generated && name === 'password'));
  return orderSecrets(kind, wanted, [...asked, ...askable]);
}

function orderSecrets(
  kind: Entry['type'],
  wanted: readonly string[],
  known: readonly string[],
): readonly string[] {
  for (const name of wanted)
    if (!known.includes(name))
      throw new CliError(
        'usage',
        `a ${kind} has no secret ${name}; it can have: ${known.join(', ') || 'none'}`,
      );
  const all = [...new Set(wanted)];
  if (all.filter(isLong).length > 1)
    throw new CliError('usage', 'only one of privateKey and notes can be given at once');
  return [...all.filter((name) => !isLong(name)), ...all.filter(isLong)];
}

/** True for a field of several lines. */
export function isLong(name: string): boolean {
  return longFields.has(name);
}

function assertOpen(name: string, kind: Entry['type'], { open, asked, askable }: KindInput): void {
  if (open.includes(name)) return;
  if (asked.includes(name) || askable.includes(name))
    throw new CliError(
      'usage',
      `${name} is a secret: it is asked for or read with --secret-stdin, never a flag`,
    );
  throw new CliError('usage', `a ${kind} has no field ${name}; it has: ${open.join(', ') || 'none'}`);
}

function splitPair(pair: string, flag: string): readonly [name: string, value: string] {
  const at = pair.indexOf('=');
  if (at < 1) throw new CliError('usage', `${flag} takes NAME=VALUE`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}
