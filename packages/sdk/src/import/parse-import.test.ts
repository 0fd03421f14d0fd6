import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeBitwardenExport } from '../../test/bitwarden-export.ts';
import { ImportError } from './import-error.ts';
import { IMPORT_MAX_BYTES, type ImportFormat, importFormats, parseImport } from './parse-import.ts';

const bitwarden = (...items: readonly unknown[]): string =>
  JSON.stringify({ encrypted: false, folders: [{ id: 'f1', name: 'Work/Old' }], items });
const parseOne = (item: object) => {
  const parsed = parseImport('bitwarden-json', bitwarden(item));
  expect(parsed.rejected).toEqual([]);
  return { draft: parsed.drafts[0], remarks: parsed.remarks.map(({ code, count }) => [code, count]) };
};
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof ImportError) return error.code;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('a Bitwarden JSON export', () => {
  it('becomes one draft for each item, of the kind it has', () => {
    const source = makeBitwardenExport(1_000, 7);

    const { drafts, rejected } = parseImport('bitwarden-json', JSON.stringify(source, undefined, 2));

    expect(rejected).toEqual([]);
    expect(drafts.map(({ title }) => title)).toEqual(source.items.map(({ name }) => name));
    const count = (type: string): number => drafts.filter((draft) => draft.type === type).length;
    expect(['login', 'note', 'card', 'identity', 'ssh-key'].map(count)).toEqual([800, 50, 50, 50, 50]);
  });

  it('keeps a login whole: folder, favourite, URIs, TOTP, notes and dates', () => {
    const { draft, remarks } = parseOne({
      id: 'i1',
      organizationId: null,
      folderId: 'f1',
      type: 1,
      reprompt: 0,
      name: 'Mail',
      notes: 'first line\nsecond "line"',
      favorite: true,
      fields: null,
      login: {
        fido2Credentials: [],
        uris: [
          { match: null, uri: 'https://mail.example' },
          { match: null, uri: 'androidapp://mail' },
        ],
        username: 'ada',
        password: ' p,"w ',
        totp: 'JBSWY3DP',
      },
      collectionIds: null,
      creationDate: '2019-02-03T04:05:06.1234567Z',
      revisionDate: '2020-01-01T00:00:00.000Z',
      deletedDate: null,
    });

    expect(draft).toEqual({
      type: 'login',
      title: 'Mail',
      favorite: true,
      tags: ['Work/Old'],
      notes: 'first line\nsecond "line"',
      fields: [],
      username: 'ada',
      password: ' p,"w ',
      urls: ['https://mail.example', 'androidapp://mail'],
      totp: 'JBSWY3DP',
      createdAt: '2019-02-03T04:05:06.123Z',
      updatedAt: '2020-01-01T00:00:00.000Z',
    });
    expect(remarks).toEqual([]);
  });

  it('keeps text, hidden, boolean and linked custom fields in their order', () => {
    const { draft, remarks } = parseOne({
      type: 1,
      name: 'Bank',
      login: { username: 'u' },
      fields: [
        { name: 'Branch', value: 'Bern', type: 0, linkedId: null },
        { name: 'PIN', value: '0042', type: 1, linkedId: null },
        { name: 'Active', value: 'true', type: 2, linkedId: null },
        { name: 'Form field', value: null, type: 3, linkedId: 101 },
        { name: null, value: 'no name', type: 0 },
      ],
    });

    expect(draft?.fields).toEqual([
      { name: 'Branch', value: 'Bern', hidden: false },
      { name: 'PIN', value: '0042', hidden: true },
      { name: 'Active', value: 'true', hidden: false },
      { name: 'Form field', value: 'linked to password', hidden: false },
      { name: '(no name)', value: 'no name', hidden: false },
    ]);
    expect(remarks).toEqual([['linked-fields', 1]]);
  });

  it('keeps what has no place of its own in custom fields and notes, and counts it', () => {
    const { draft, remarks } = parseOne({
      type: 1,
      name: 'Shop',
      reprompt: 1,
      archivedDate: '2026-01-02T00:00:00.000Z',
      passwordHistory: [{ lastUsedDate: '2021-05-06T07:08:09.000Z', password: 'former' }],
      somethingNew: { deep: ['value'] },
      login: {
        uris: [{ match: 3, uri: 'https://shop.example' }],
        password: 'now',
        passwordRevisionDate: '2022-01-01T00:00:00.000Z',
        fido2Credentials: [{ rpId: 'shop.example', userName: 'ada', keyValue: 'private' }],
        autofillOnPageLoad: true,
      },
    });

    expect(draft?.tags).toEqual(['Archive']);
    expect(draft?.notes).toBe(
      'The passkey of ada for shop.example could not be imported. Make a new one there.',
    );
    expect(draft?.fields).toEqual([
      { name: 'Match rule of https://shop.example', value: 'exact', hidden: false },
      { name: 'Password changed', value: '2022-01-01T00:00:00.000Z', hidden: false },
      { name: 'Ask for the master password again', value: 'true', hidden: false },
      { name: 'Former password (until 2021-05-06)', value: 'former', hidden: true },
      { name: 'somethingNew', value: '{"deep":["value"]}', hidden: true },
      { name: 'login.autofillOnPageLoad', value: 'true', hidden: true },
    ]);
    expect(remarks).toEqual([
      ['former-passwords', 1],
      ['passkeys-left-out', 1],
      ['reprompt-marks', 1],
      ['url-match-rules', 1],
      ['archived-items', 1],
      ['other-data', 2],
    ]);
  });

  it('takes a bank account, a driving licence and a passport as custom entries with every field', () => {
    const { drafts, remarks } = parseImport(
      'bitwarden-json',
      bitwarden(
        { type: 6, name: 'Account', bankAccount: { accountNumber: '12', routingNumber: null, pin: '3' } },
        { type: 7, name: 'Licence', driversLicense: { licenseNumber: 'L1' } },
        { type: 8, name: 'Passport', passport: { passportNumber: 'P1' } },
      ),
    );

    expect(drafts.map(({ type, fields }) => [type, fields])).toEqual([
      [
        'custom',
        [
          { name: 'Account number', value: '12', hidden: true },
          { name: 'Pin', value: '3', hidden: true },
        ],
      ],
      ['custom', [{ name: 'License number', value: 'L1', hidden: true }]],
      ['custom', [{ name: 'Passport number', value: 'P1', hidden: true }]],
    ]);
    expect(remarks.map(({ code, count }) => [code, count])).toEqual([['custom-kinds', 3]]);
  });

  it('takes the collections of an organisation as tags', () => {
    const { drafts } = parseImport(
      'bitwarden-json',
      JSON.stringify({
        collections: [{ id: 'c1', name: 'Team' }],
        items: [{ type: 2, name: 'n', collectionIds: ['c1', 'unknown'], secureNote: { type: 0 } }],
      }),
    );

    expect(drafts[0]?.tags).toEqual(['Team']);
  });

  it('rejects single items with their number and a reason that quotes nothing', () => {
    const { drafts, rejected } = parseImport(
      'bitwarden-json',
      bitwarden(
        { type: 1, name: 'good' },
        { type: 99, name: 'canary-type' },
        'canary-text',
        { type: 1, name: { canary: 1 } },
        { type: 1, name: 'canary-trash', deletedDate: '2026-01-01T00:00:00.000Z' },
        { type: 1, name: 'canary \ud800' },
        { type: 2, name: 'canary', notes: 'NUL \0' },
        { type: 1, name: ' ', login: { username: '' } },
        { type: 2, name: 'canary', notes: 'x'.repeat(300_000) },
        { type: 1, name: 'good too' },
      ),
    );

    expect(drafts.map(({ title }) => title)).toEqual(['good', 'good too']);
    expect(rejected.map(({ row, code }) => [row, code])).toEqual([
      [2, 'type-unknown'],
      [3, 'not-an-object'],
      [4, 'field-malformed'],
      [5, 'in-trash'],
      [6, 'text-malformed'],
      [7, 'text-malformed'],
      [8, 'nothing-in-it'],
      [9, 'too-large'],
    ]);
    expect(JSON.stringify(rejected)).not.toContain('canary');
    for (const { reason } of rejected) expect(reason).toMatch(/^[A-Z].+\.$/);
  });

  it('does not let names from the file reach a prototype', () => {
    const item =
      '{"type":1,"name":"n","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';

    const { drafts } = parseImport('bitwarden-json', `{"items":[${item}],"__proto__":{"encrypted":true}}`);

    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.getPrototypeOf(drafts[0])).toBe(Object.prototype);
    expect(drafts[0]?.fields).toEqual([
      { name: '__proto__', value: '{"polluted":1}', hidden: true },
      { name: 'constructor', value: '{"prototype":{"polluted":1}}', hidden: true },
    ]);
  });

  it.for([
    ['an account-restricted encrypted export', '{"encrypted":true,"data":"2.a|b|c"}', 'encrypted-export'],
    ['a password-protected export', '{"encrypted":true,"passwordProtected":true}', 'encrypted-export'],
    ['text that is not JSON', 'name,url\n', 'not-json'],
    ['a JSON list', '[]', 'wrong-format'],
    ['an object without items', '{"folders":[]}', 'wrong-format'],
    ['items that are no list', '{"items":{}}', 'wrong-format'],
  ] as const)('is refused if it is %s', ([, text, code]) => {
    expect(codeOf(() => parseImport('bitwarden-json', text))).toBe(code);
  });

  it('names an item without a name after its site or user name', () => {
    const { drafts, remarks } = parseImport(
      'bitwarden-json',
      bitwarden(
        { type: 1, name: '', login: { uris: [{ uri: 'https://user@site.example:8443/x?y' }] } },
        { type: 1, name: null, login: { username: 'ada' } },
        { type: 2, name: null, notes: 'only notes' },
      ),
    );

    expect(drafts.map(({ title }) => title)).toEqual(['site.example:8443', 'ada', '(no name)']);
    expect(remarks[0]?.count).toBe(3);
  });

  it('is read with a byte order mark', () => {
    expect(parseImport('bitwarden-json', `\ufeff${bitwarden({ type: 1, name: 'n' })}`).drafts).toHaveLength(
      1,
    );
  });
});

const bitwardenHeader =
  'folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp';

describe('a Bitwarden CSV export', () => {
  it('keeps logins and notes with all their columns', () => {
    const text = [
      bitwardenHeader,
      'Social,1,login,Forum,"two\nlines","PIN: 1234\nAddress: Long Street\n12 b",1,"https://a.example/x,y,https://b.example",ada,"p""w,",JBSW',
      ',,note,Wi-Fi,"the, note",,0,,,,',
      '',
    ].join('\r\n');

    const { drafts, rejected, remarks } = parseImport('bitwarden-csv', text);

    expect(rejected).toEqual([]);
    expect(drafts).toEqual([
      {
        type: 'login',
        title: 'Forum',
        favorite: true,
        tags: ['Social'],
        notes: 'two\nlines',
        fields: [
          { name: 'PIN', value: '1234', hidden: true },
          { name: 'Address', value: 'Long Street\n12 b', hidden: true },
          { name: 'Ask for the master password again', value: 'true', hidden: false },
        ],
        username: 'ada',
        password: 'p"w,',
        urls: ['https://a.example/x,y', 'https://b.example'],
        totp: 'JBSW',
      },
      { type: 'note', title: 'Wi-Fi', favorite: false, tags: [], notes: 'the, note', fields: [] },
    ]);
    expect(remarks.map(({ code }) => code)).toEqual(['reprompt-marks']);
  });

  it('rejects rows of a type it does not know, by the row of a spreadsheet', () => {
    const text = `${bitwardenHeader}\n,,login,a,,,,,,,\n,,card,b,,,,,,,\n`;

    expect(parseImport('bitwarden-csv', text).rejected.map(({ row, code }) => [row, code])).toEqual([
      [3, 'type-unknown'],
    ]);
  });
});

describe('a Chrome CSV export', () => {
  it.for([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ] as const)('is read with %s line ends, quotes and a byte order mark', ([, lineEnd]) => {
    const text = [
      '\ufeffname,url,username,password,note',
      'a,https://a.example/,ada,"x,""y",',
      '"b, c",,,pw,n',
      '',
    ];

    const { drafts, rejected } = parseImport('chrome-csv', text.join(lineEnd));

    expect(rejected).toEqual([]);
    expect(
      drafts.map((draft) => draft.type === 'login' && [draft.title, draft.urls, draft.password]),
    ).toEqual([
      ['a', ['https://a.example/'], 'x,"y'],
      ['b, c', [], 'pw'],
    ]);
  });

  it('is read without the note column that older versions lack, and with columns nobody knows', () => {
    const { drafts, remarks } = parseImport(
      'chrome-csv',
      'name,url,username,password,__proto__\na,,u,p,x\nb,,u,p,\n',
    );

    expect(drafts.map(({ fields }) => fields)).toEqual([
      [{ name: '__proto__', value: 'x', hidden: true }],
      [],
    ]);
    expect(remarks.map(({ code, count }) => [code, count])).toEqual([['other-data', 1]]);
  });

  it('rejects damaged rows by number, and goes on where it can', () => {
    const text =
      'name,url,username,password,note\n' +
      'good,https://a.example,u,p,n\n' +
      'canary,too,few\n' +
      'canary,https://b.example,u,p,n,too,many\n' +
      '\n' +
      ',,,,\n' +
      'good too,,,p,"line 1\nline 2"\n' +
      'canary,,,"never closed,\nswallowed,,,,\n';

    const { drafts, rejected } = parseImport('chrome-csv', text);

    expect(drafts.map(({ title }) => title)).toEqual(['good', 'good too']);
    expect(rejected.map(({ row, code }) => [row, code])).toEqual([
      [3, 'cell-count'],
      [4, 'cell-count'],
      [8, 'quote-not-closed'],
    ]);
    expect(JSON.stringify(rejected)).not.toContain('canary');
  });

  it('is refused without a header, and the message does not quote the first row', () => {
    const text = 'Bank,https://bank.example,ada,canary-password\n';

    expect(codeOf(() => parseImport('chrome-csv', text))).toBe('wrong-format');
    expect(() => parseImport('chrome-csv', text)).not.toThrow(/canary/);
  });
});

describe('any file', () => {
  it('is refused above 50 MiB, measured in bytes', () => {
    const header = 'name,url,username,password\n';
    const fitting = `${header}a,,,b\nc,,,${'x'.repeat(IMPORT_MAX_BYTES - header.length - 11)}\n`;

    expect(parseImport('chrome-csv', fitting).rejected.map(({ code }) => code)).toEqual(['too-large']);
    expect(codeOf(() => parseImport('chrome-csv', `${fitting}\n`))).toBe('file-too-large');
    expect(codeOf(() => parseImport('chrome-csv', fitting.replace('xx', 'éx')))).toBe('file-too-large');
  });

  it('is either refused as a whole or read row by row, whatever it holds', () => {
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.json().map((json) => `{"items":[${json}]}`),
      fc.string({ unit: 'binary' }).map((text) => `name,url,username,password\n${text}`),
    );
    fc.assert(
      fc.property(fc.constantFrom<ImportFormat>(...importFormats), garbage, (format, text) => {
        try {
          for (const draft of parseImport(format, text).drafts) expect(draft.title).not.toBe('');
        } catch (error) {
          expect(error).toBeInstanceOf(ImportError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
