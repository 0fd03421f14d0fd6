/** @file An entry as rows of label and text, for whoever prints it. Knows which of them are secret. */
import type { Entry } from '@zkvault/sdk';

/** One thing that an entry says. */
export interface Detail {
  /** What `--field` calls it. */
  readonly name: string;
  readonly label: string;
  readonly text: string;
  /** True if it is only shown when that was asked for. */
  readonly isSecret: boolean;
}

/** Every field of our kinds with its label; those with a star are secret. */
const labels: Readonly<Record<string, string>> = {
  username: 'User name',
  password: 'Password*',
  urls: 'URL',
  totp: 'TOTP seed*',
  cardholder: 'Cardholder',
  brand: 'Brand',
  number: 'Number*',
  expiryMonth: 'Expiry month',
  expiryYear: 'Expiry year',
  securityCode: 'Security code*',
  honorific: 'Title of honour',
  firstName: 'First name',
  middleName: 'Middle name',
  lastName: 'Last name',
  company: 'Company',
  email: 'E-mail',
  phone: 'Phone',
  address1: 'Address',
  address2: 'Address 2',
  address3: 'Address 3',
  city: 'City',
  state: 'State',
  postalCode: 'Postal code',
  country: 'Country',
  nationalId: 'National id*',
  passportNumber: 'Passport*',
  licenseNumber: 'Licence*',
  privateKey: 'Private key*',
  publicKey: 'Public key',
  fingerprint: 'Fingerprint',
};

/** Names of the fields that hold secrets. */
export const secretFieldNames: ReadonlySet<string> = new Set(
  Object.keys(labels).filter((name) => labels[name]?.endsWith('*') === true),
);

/** What an entry says, in the order to show it; what is empty is left out. */
export function detailsOf(entry: Entry): readonly Detail[] {
  const fixed = Object.entries(labels).map(([name, label]) => ({
    name,
    label: label.replace('*', ''),
    text: textOf((entry as unknown as Readonly<Record<string, unknown>>)[name]),
    isSecret: secretFieldNames.has(name),
  }));
  const custom = entry.fields.map((field) => ({
    name: field.name,
    label: field.name,
    text: field.value,
    isSecret: field.hidden,
  }));
  // What a newer version wrote is shown, but nobody here knows whether it is secret.
  const extra = Object.entries(entry.extra).map(([name, value]) => ({
    name,
    label: name,
    text: typeof value === 'string' ? value : JSON.stringify(value),
    isSecret: true,
  }));
  const common = [
    { name: 'title', label: 'Title', text: entry.title, isSecret: false },
    { name: 'type', label: 'Kind', text: kindOf(entry), isSecret: false },
  ];
  const last = [
    { name: 'notes', label: 'Notes', text: entry.notes, isSecret: false },
    { name: 'tags', label: 'Tags', text: entry.tags.join(', '), isSecret: false },
    { name: 'favorite', label: 'Favourite', text: entry.favorite ? 'yes' : '', isSecret: false },
    { name: 'createdAt', label: 'Created', text: entry.createdAt, isSecret: false },
    { name: 'updatedAt', label: 'Changed', text: entry.updatedAt, isSecret: false },
    { name: 'id', label: 'Id', text: entry.id, isSecret: false },
  ];
  return [...common, ...fixed, ...custom, ...extra, ...last].filter(({ text }) => text !== '');
}

/** The kind, as whoever wrote the entry calls it. */
export function kindOf(entry: Entry): string {
  return entry.type === 'other' ? entry.originalType : entry.type;
}

/** The line under which an entry is found in a list: who, or where. */
export function subtitleOf(entry: Entry): string {
  if (entry.type === 'login') return entry.username === '' ? (entry.urls[0] ?? '') : entry.username;
  if (entry.type === 'card') return `${entry.brand} ${entry.cardholder}`.trim();
  if (entry.type === 'identity') return `${entry.firstName} ${entry.lastName}`.trim();
  return entry.type === 'ssh-key' ? entry.fingerprint : '';
}

/** An entry as JSON without anything secret, for lists. */
export function summaryOf(entry: Entry): object {
  return {
    id: entry.id,
    type: kindOf(entry),
    title: entry.title,
    ...('username' in entry && { username: entry.username }),
    ...('urls' in entry && { urls: entry.urls }),
    tags: entry.tags,
    favorite: entry.favorite,
    createdAt: entry.createdAt,
    updatedAt: entry.updatedAt,
  };
}

/** An entry as JSON with every secret replaced by null, and the list of what was replaced. */
export function maskedJsonOf(entry: Entry): object {
  const hidden = detailsOf(entry).filter(({ isSecret }) => isSecret);
  const masked = Object.entries(entry).map(([name, value]) => {
    if (name === 'extra')
      return [name, Object.fromEntries(Object.keys(entry.extra).map((key) => [key, null]))];
    if (name === 'fields')
      return [name, entry.fields.map((field) => (field.hidden ? { ...field, value: null } : field))];
    return [name, secretFieldNames.has(name) && value !== '' ? null : (value as unknown)];
  }) as readonly (readonly [string, unknown])[];
  return { ...Object.fromEntries(masked), hidden: hidden.map(({ name }) => name) };
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.join('\n') : '';
}
