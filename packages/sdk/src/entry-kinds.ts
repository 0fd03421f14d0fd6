/**
 * @file The kinds of entries, as an app sees them. All of it is inside the envelope: the server
 * learns neither kind nor title nor date.
 */

/** Any JSON value. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** A field that the user named. */
export interface CustomField {
  readonly name: string;
  readonly value: string;
  /** True if the value is to be masked on a screen. */
  readonly hidden: boolean;
}

/** What a login has beside the common fields. */
export interface LoginFields {
  readonly username: string;
  readonly password: string;
  /** Pages it belongs to, as the user gave them; never requested by the SDK. */
  readonly urls: readonly string[];
  /** TOTP seed (base32) or `otpauth:` URL. */
  readonly totp: string;
}

/** What a payment card has beside the common fields. */
export interface CardFields {
  readonly cardholder: string;
  readonly brand: string;
  readonly number: string;
  readonly expiryMonth: string;
  readonly expiryYear: string;
  readonly securityCode: string;
}

/** What an identity has beside the common fields. */
export interface IdentityFields {
  readonly honorific: string;
  readonly firstName: string;
  readonly middleName: string;
  readonly lastName: string;
  readonly username: string;
  readonly company: string;
  readonly email: string;
  readonly phone: string;
  readonly address1: string;
  readonly address2: string;
  readonly address3: string;
  readonly city: string;
  readonly state: string;
  readonly postalCode: string;
  readonly country: string;
  readonly nationalId: string;
  readonly passportNumber: string;
  readonly licenseNumber: string;
}

/** What an SSH key has beside the common fields. */
export interface SshKeyFields {
  readonly privateKey: string;
  readonly publicKey: string;
  readonly fingerprint: string;
}

/** The fields of each kind beside the common ones; `note` and `custom` have none of their own. */
export interface KindFields {
  readonly login: LoginFields;
  readonly note: unknown;
  readonly card: CardFields;
  readonly identity: IdentityFields;
  readonly 'ssh-key': SshKeyFields;
  readonly custom: unknown;
}

/** A kind this version knows. */
export type EntryKind = keyof KindFields;

/** What the user writes of every entry, whatever its kind. */
export interface CommonFields {
  /** At least one character. */
  readonly title: string;
  readonly favorite: boolean;
  readonly tags: readonly string[];
  readonly notes: string;
  /** Fields the user added. */
  readonly fields: readonly CustomField[];
}

/** What every entry has. */
export interface EntryBase extends CommonFields {
  /** Made by the client that created it; lower-case UUID. */
  readonly id: string;
  /** From 1, one more at every save; authenticated. */
  readonly version: number;
  /** RFC 3339, UTC; sealed by the writer, not the server's clock. */
  readonly createdAt: string;
  /** RFC 3339, UTC; sealed by the writer, not the server's clock. */
  readonly updatedAt: string;
  /** Fields this version of the SDK does not know; an update keeps them. */
  readonly extra: { readonly [name: string]: JsonValue };
}

/** An entry of a kind this version knows. */
export type KnownEntry = {
  readonly [Kind in EntryKind]: EntryBase & KindFields[Kind] & { readonly type: Kind };
}[EntryKind];

/** An entry of a kind that only a newer version knows: its own fields are in `extra`. */
export interface OtherEntry extends EntryBase {
  readonly type: 'other';
  /** The kind, as its writer calls it. */
  readonly originalType: string;
}

/** One opened entry. Told apart by `type`. */
export type Entry = KnownEntry | OtherEntry;

/** A login as an app gets it. */
export type LoginEntry = Extract<Entry, { readonly type: 'login' }>;

/** Dates a draft may bring along, RFC 3339 in UTC with milliseconds; now, if left out. */
interface DraftDates {
  readonly createdAt?: string;
  readonly updatedAt?: string;
}

/** An entry to be. Text left out is empty, lists left out are empty, `favorite` is false. */
export type EntryDraft = {
  readonly [Kind in EntryKind]: { readonly type: Kind; readonly title: string } & Partial<CommonFields> &
    Partial<KindFields[Kind]> &
    DraftDates;
}[EntryKind];

/**
 * What to change of an entry; what is left out stays. The kind stays too: a field of another kind
 * is a RangeError.
 */
export type EntryChange = Partial<CommonFields & LoginFields & CardFields & IdentityFields & SshKeyFields>;
