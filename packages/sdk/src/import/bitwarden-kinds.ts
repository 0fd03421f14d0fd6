/** @file What is particular to each type of Bitwarden item, in the words of our kinds. */
import type { CardFields, CustomField, IdentityFields, LoginFields, SshKeyFields } from '../entry-kinds.ts';
import type { RemarkCounter } from './remarks.ts';
import { readRecord, type UntrustedRecord } from './untrusted-record.ts';

/** The part of an item that depends on its type. */
export type KindContent = {
  readonly fields: readonly CustomField[];
  /** Paragraphs for the notes. */
  readonly notes: readonly string[];
} & (
  | { readonly type: 'login'; readonly content: LoginFields }
  | { readonly type: 'card'; readonly content: CardFields }
  | { readonly type: 'identity'; readonly content: IdentityFields }
  | { readonly type: 'ssh-key'; readonly content: SshKeyFields }
  | { readonly type: 'note' | 'custom'; readonly content: object }
);

/**
 * Reads the part of an item that depends on its type.
 *
 * @returns undefined if the type is unknown. @throws {RowFault} if a part is not what it should be.
 */
export function readKindContent(item: UntrustedRecord, remarks: RemarkCounter): KindContent | undefined {
  switch (item.text('type')) {
    case '1':
      return readLogin(item.record('login'), remarks);
    case '2':
      item.record('secureNote').skip('type');
      return { type: 'note', content: {}, fields: [], notes: [] };
    case '3':
      return { type: 'card', content: readCard(item.record('card')), fields: [], notes: [] };
    case '4':
      return { type: 'identity', content: readIdentity(item.record('identity')), fields: [], notes: [] };
    case '5':
      return { type: 'ssh-key', content: readSshKey(item.record('sshKey')), fields: [], notes: [] };
    case '6':
      return readAsCustom(item.record('bankAccount'), remarks);
    case '7':
      return readAsCustom(item.record('driversLicense'), remarks);
    case '8':
      return readAsCustom(item.record('passport'), remarks);
    default:
      return undefined;
  }
}

function readLogin(login: UntrustedRecord, remarks: RemarkCounter): KindContent {
  const uris = login.list('uris').map((uri) => readUri(readRecord(uri), remarks));
  const changedAt = login.text('passwordRevisionDate');
  // `uri` is what exports of 2018 have instead of `uris`.
  const urls = [login.text('uri'), ...uris.map(({ url }) => url)].filter((url) => url !== '');
  return {
    type: 'login',
    content: {
      username: login.text('username'),
      password: login.text('password'),
      urls: [...new Set(urls)],
      totp: login.text('totp'),
    },
    fields: [
      ...uris.flatMap(({ fields }) => fields),
      ...(changedAt === '' ? [] : [{ name: 'Password changed', value: changedAt, hidden: false }]),
    ],
    notes: login.list('fido2Credentials').map((passkey) => describePasskey(readRecord(passkey), remarks)),
  };
}

const matchRules = ['base domain', 'host', 'starts with', 'exact', 'regular expression', 'never'] as const;

function readUri(
  uri: UntrustedRecord,
  remarks: RemarkCounter,
): { readonly url: string; readonly fields: readonly CustomField[] } {
  const url = uri.text('uri');
  const match = uri.text('match');
  uri.skip('uriChecksum');
  if (match === '' || url === '') return { url, fields: [] };
  remarks.add('url-match-rules');
  const rule = matchRules[Number(match)] ?? match;
  return { url, fields: [{ name: `Match rule of ${url}`, value: rule, hidden: false }] };
}

function describePasskey(passkey: UntrustedRecord, remarks: RemarkCounter): string {
  remarks.add('passkeys-left-out');
  const site = [passkey.text('rpId'), passkey.text('rpName')].find((text) => text !== '') ?? 'this site';
  const user = [passkey.text('userName'), passkey.text('userDisplayName')].find((text) => text !== '');
  const whose = user === undefined ? '' : ` of ${user}`;
  return `The passkey${whose} for ${site} could not be imported. Make a new one there.`;
}

function readCard(card: UntrustedRecord): CardFields {
  return {
    cardholder: card.text('cardholderName'),
    brand: card.text('brand'),
    number: card.text('number'),
    expiryMonth: card.text('expMonth'),
    expiryYear: card.text('expYear'),
    securityCode: card.text('code'),
  };
}

function readIdentity(identity: UntrustedRecord): IdentityFields {
  return {
    honorific: identity.text('title'),
    firstName: identity.text('firstName'),
    middleName: identity.text('middleName'),
    lastName: identity.text('lastName'),
    username: identity.text('username'),
    company: identity.text('company'),
    email: identity.text('email'),
    phone: identity.text('phone'),
    address1: identity.text('address1'),
    address2: identity.text('address2'),
    address3: identity.text('address3'),
    city: identity.text('city'),
    state: identity.text('state'),
    postalCode: identity.text('postalCode'),
    country: identity.text('country'),
    nationalId: identity.text('ssn'),
    passportNumber: identity.text('passportNumber'),
    licenseNumber: identity.text('licenseNumber'),
  };
}

function readSshKey(sshKey: UntrustedRecord): SshKeyFields {
  const fingerprint = sshKey.text('keyFingerprint');
  return {
    privateKey: sshKey.text('privateKey'),
    publicKey: sshKey.text('publicKey'),
    // Other programs that write this format leave out the prefix.
    fingerprint: fingerprint === '' ? sshKey.text('fingerprint') : fingerprint,
  };
}

/** Bank accounts, driving licences and passports: every field masked, since most of them are telling. */
function readAsCustom(part: UntrustedRecord, remarks: RemarkCounter): KindContent {
  remarks.add('custom-kinds');
  const fields = part.leftovers().map(([name, value]) => ({ name: asWords(name), value, hidden: true }));
  part.skip(...part.names());
  return { type: 'custom', content: {}, fields, notes: [] };
}

/** `routingNumber` as "Routing number". */
function asWords(name: string): string {
  const words = name.replaceAll(
    /([a-z0-9])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  );
  return words.charAt(0).toUpperCase() + words.slice(1);
}
