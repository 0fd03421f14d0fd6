/** @file Which fields an entry of each kind takes from the command line, and which of them are secret. */
import type { CustomField, EntryDraft, EntryKind } from '@zkvault/sdk';
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

/** The secrets to ask for, in order: those of the kind, then the ones that were named. Long ones come last. */
export function secretsToAsk(
  kind: EntryKind,
  named: readonly string[],
  generated: boolean,
): readonly string[] {
  const { asked, askable } = kindInputs[kind];
  for (const name of named)
    if (!asked.includes(name) && !askable.includes(name))
      throw new CliError(
        'usage',
        `a ${kind} has no secret ${name}; it can have: ${[...asked, ...askable].join(', ') || 'none'}`,
      );
  const all = [...new Set([...asked, ...named])].filter((name) => !(generated && name === 'password'));
  if (all.filter(isLong).length > 1)
    throw new CliError('usage', 'only one of privateKey and notes can be given at once');
  return [...all.filter((name) => !isLong(name)), ...all.filter(isLong)];
}

/** True for a field of several lines. */
export function isLong(name: string): boolean {
  return longFields.has(name);
}

function assertOpen(name: string, kind: EntryKind, { open, asked, askable }: KindInput): void {
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
