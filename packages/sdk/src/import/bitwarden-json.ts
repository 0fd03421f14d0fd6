/** @file Reads Bitwarden's plain JSON export, of one person or of an organisation. */
import type { CustomField, EntryKind } from '../entry-kinds.ts';
import { type KindContent, readKindContent } from './bitwarden-kinds.ts';
import { ImportError } from './import-error.ts';
import { type ImportedItem, keepOtherData, keepReprompt, type ReadRow } from './imported-item.ts';
import { reject } from './rejected-row.ts';
import type { RemarkCounter } from './remarks.ts';
import { RowFault, readRecord, type UntrustedRecord } from './untrusted-record.ts';

/**
 * Reads a Bitwarden JSON export.
 *
 * @throws {ImportError} `not-json`, `encrypted-export` or `wrong-format`.
 */
export function readBitwardenJson(text: string, remarks: RemarkCounter): readonly ReadRow[] {
  const root = parseRoot(text);
  if (root['encrypted'] === true || root['passwordProtected'] === true)
    throw new ImportError('encrypted-export');
  const { items, folders = [], collections = [] } = root;
  if (!Array.isArray(items)) throw new ImportError('wrong-format', 'expected a list of items');
  const names = new Map([...namesById(folders), ...namesById(collections)]);
  return items.map((item: unknown, index): ReadRow => {
    const row = index + 1;
    try {
      return { row, item: readItem(readRecord(item), names, remarks) };
    } catch (error) {
      if (error instanceof RowFault) return reject(row, error.code);
      throw error;
    }
  });
}

function parseRoot(text: string): { readonly [name: string]: unknown } {
  let root: unknown;
  try {
    root = JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text);
  } catch {
    // The cause is left out: its message quotes the file.
    throw new ImportError('not-json');
  }
  if (typeof root !== 'object' || root === null || Array.isArray(root))
    throw new ImportError('wrong-format', 'expected an object with a list of items');
  return root as { readonly [name: string]: unknown };
}

function namesById(folders: unknown): readonly (readonly [id: string, name: string])[] {
  if (!Array.isArray(folders)) return [];
  return folders.flatMap((folder: unknown) => {
    if (typeof folder !== 'object' || folder === null) return [];
    const { id, name } = folder as { readonly id?: unknown; readonly name?: unknown };
    return typeof id === 'string' && typeof name === 'string' ? [[id, name] as const] : [];
  });
}

function readItem(
  item: UntrustedRecord,
  names: ReadonlyMap<string, string>,
  remarks: RemarkCounter,
): ImportedItem {
  if (item.text('deletedDate') !== '') throw new RowFault('in-trash');
  const kind = readKindContent(item, remarks);
  if (kind === undefined) throw new RowFault('type-unknown');
  const isArchived = item.text('archivedDate') !== '';
  if (isArchived) remarks.add('archived-items');
  const folderIds = [item.text('folderId'), ...item.list('collectionIds').map(String)];
  item.skip('id', 'organizationId', 'key', 'object');
  const read = {
    type: kind.type satisfies EntryKind,
    title: item.text('name'),
    favorite: item.flag('favorite'),
    tags: [...folderIds.flatMap((id) => names.get(id) ?? []), ...(isArchived ? ['Archive'] : [])],
    notes: joinNotes(item.text('notes'), kind),
    content: kind.content,
    createdAt: item.text('creationDate'),
    updatedAt: item.text('revisionDate'),
  };
  const fields = [
    ...item.list('fields').map((field) => readCustomField(readRecord(field), remarks)),
    ...kind.fields,
    ...keepReprompt(item.text('reprompt'), remarks),
    ...item.list('passwordHistory').map((former) => readFormerPassword(readRecord(former), remarks)),
  ];
  // Last, because only now everything that has a place has been read.
  return { ...read, fields: [...fields, ...item.leftovers().map((left) => keepOtherData(left, remarks))] };
}

function joinNotes(notes: string, kind: KindContent): string {
  return [notes, ...kind.notes].filter((part) => part !== '').join('\n\n');
}

const FIELD_HIDDEN = '1';
const FIELD_LINKED = '3';

function readCustomField(field: UntrustedRecord, remarks: RemarkCounter): CustomField {
  const name = field.text('name');
  const type = field.text('type');
  const value = field.text('value');
  if (type !== FIELD_LINKED) return { name, value, hidden: type === FIELD_HIDDEN };
  remarks.add('linked-fields');
  return {
    name,
    value: `linked to ${linkTargets.get(field.text('linkedId')) ?? 'another field'}`,
    hidden: false,
  };
}

/** What Bitwarden's numbers for linked fields mean. */
const linkTargets: ReadonlyMap<string, string> = new Map([
  ['100', 'user name'],
  ['101', 'password'],
  ['300', 'cardholder'],
  ['301', 'expiry month'],
  ['302', 'expiry year'],
  ['303', 'security code'],
  ['304', 'brand'],
  ['305', 'card number'],
  ['400', 'title'],
  ['401', 'middle name'],
  ['402', 'address 1'],
  ['403', 'address 2'],
  ['404', 'address 3'],
  ['405', 'city'],
  ['406', 'state'],
  ['407', 'postal code'],
  ['408', 'country'],
  ['409', 'company'],
  ['410', 'e-mail'],
  ['411', 'phone'],
  ['412', 'national id'],
  ['413', 'user name'],
  ['414', 'passport number'],
  ['415', 'license number'],
  ['416', 'first name'],
  ['417', 'last name'],
  ['418', 'full name'],
]);

function readFormerPassword(former: UntrustedRecord, remarks: RemarkCounter): CustomField {
  remarks.add('former-passwords');
  const until = former.text('lastUsedDate').slice(0, 10);
  const name = until === '' ? 'Former password' : `Former password (until ${until})`;
  return { name, value: former.text('password'), hidden: true };
}
