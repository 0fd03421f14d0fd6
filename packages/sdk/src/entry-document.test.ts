import { utf8 } from '@zkvault/crypto-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changedEntry, decodeEntry, ENTRY_MAX_BYTES, encodeEntry, entryOfDraft } from './entry-document.ts';
import type { Entry, EntryDraft } from './entry-kinds.ts';
import { ProtocolError } from './errors.ts';

const identity = { id: '5c6973e6-78bb-4a88-b8b4-20178c6a57f7', version: 1 };
const AT = '2026-11-22T12:00:00.000Z';
const LATER = '2026-11-23T12:00:00.000Z';
const dates = { createdAt: AT, updatedAt: AT };

const decodeJson = (document: object): Entry => decodeEntry(utf8(JSON.stringify(document)), identity);
const made = (draft: EntryDraft): Entry => encodeEntry(entryOfDraft(draft, identity, AT)).entry;

describe('an entry', () => {
  it.for<EntryDraft>([
    { type: 'login', title: 'a', username: 'u', password: 'p', urls: ['https://x.example'], totp: 't' },
    { type: 'note', title: 'a', notes: 'n', favorite: true, tags: ['x', 'y'] },
    { type: 'card', title: 'a', number: '4111', securityCode: '1' },
    { type: 'identity', title: 'a', firstName: 'Ada', lastName: 'L' },
    { type: 'ssh-key', title: 'a', privateKey: '-----' },
    { type: 'custom', title: 'a', fields: [{ name: 'pin', value: '1', hidden: true }] },
  ])('of the kind $type is read back as it was written', (draft) => {
    const entry = entryOfDraft(draft, identity, AT);

    const { plaintext, entry: encoded } = encodeEntry(entry);

    expect(encoded).toEqual(entry);
    expect(decodeEntry(plaintext, identity)).toEqual({ ...entry, ...draft });
    expect(Object.isFrozen(encoded) && Object.isFrozen(encoded.tags)).toBe(true);
  });

  it('keeps any well-formed text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.string({ unit: 'binary' }),
        (title, notes) => {
          fc.pre(!`${title}${notes}`.includes('\0'));
          expect(made({ type: 'note', title, notes })).toMatchObject({ title, notes });
        },
      ),
    );
  });

  it('takes the dates of its draft, and now if there are none', () => {
    expect(made({ type: 'note', title: 'a' })).toMatchObject(dates);
    expect(made({ type: 'note', title: 'a', createdAt: '2001-01-01T00:00:00.000Z' })).toMatchObject({
      createdAt: '2001-01-01T00:00:00.000Z',
      updatedAt: '2001-01-01T00:00:00.000Z',
    });
    expect(() => made({ type: 'note', title: 'a', createdAt: 'yesterday' })).toThrow(RangeError);
    expect(() => made({ type: 'note', title: 'a', createdAt: '2026-13-01T00:00:00.000Z' })).toThrow(
      RangeError,
    );
  });

  it('keeps what only a newer version knows, through an update', () => {
    const newer = {
      type: 'login',
      title: 'a',
      ...dates,
      passkeys: [{ rp: 'x', counter: 3 }],
      fields: [{ name: 'n', value: 'v', hidden: false, linked: 7 }],
    };

    const updated = encodeEntry(changedEntry(decodeJson(newer), { password: 'new' }, LATER));

    const document = JSON.parse(new TextDecoder().decode(updated.plaintext)) as object;
    expect(document).toMatchObject({ ...newer, password: 'new', updatedAt: LATER });
    expect(updated.entry).toMatchObject({ version: 2, extra: { passkeys: [{ rp: 'x', counter: 3 }] } });
  });

  it('of a kind only a newer version knows is kept, with its common fields to change', () => {
    const wifi = { type: 'wifi', title: 'home', ...dates, ssid: 'net', tags: ['x'] };

    const entry = decodeJson(wifi);
    const { plaintext } = encodeEntry(changedEntry(entry, { title: 'at home' }, LATER));

    expect(entry).toMatchObject({ type: 'other', originalType: 'wifi', extra: { ssid: 'net' } });
    expect(JSON.parse(new TextDecoder().decode(plaintext))).toMatchObject({
      ...wifi,
      title: 'at home',
      updatedAt: LATER,
    });
    expect(() => changedEntry(entry, { password: 'x' }, LATER)).toThrow(RangeError);
  });

  it('with fields called as ours beside the document does not confuse them', () => {
    const tricky = {
      type: 'note',
      title: 'a',
      ...dates,
      id: 'x',
      version: 9,
      extra: { y: 1 },
      originalType: 'z',
      constructor: 'c',
    };

    const entry = decodeJson(tricky);

    expect(entry).toMatchObject(identity);
    expect(JSON.parse(new TextDecoder().decode(encodeEntry(entry).plaintext))).toMatchObject(tricky);
  });

  it.for<readonly [string, object]>([
    ['no title', { type: 'note', ...dates }],
    ['an empty title', { type: 'note', title: '', ...dates }],
    ['no kind', { title: 'a', ...dates }],
    ['no dates', { type: 'note', title: 'a' }],
    ['a password that is no text', { type: 'login', title: 'a', ...dates, password: 1 }],
    ['tags that are no list', { type: 'note', title: 'a', ...dates, tags: 'x' }],
    [
      'a field without a value',
      { type: 'note', title: 'a', ...dates, fields: [{ name: 'n', hidden: false }] },
    ],
    ['a favourite that is no flag', { type: 'note', title: 'a', ...dates, favorite: 1 }],
    ['a list in its place', []],
  ])('with %s is none', ([, document]) => {
    expect(() => decodeJson(document)).toThrow(ProtocolError);
  });

  it('may have 229,375 bytes and not one more', () => {
    const { plaintext } = encodeEntry(entryOfDraft({ type: 'note', title: 'a' }, identity, AT));
    const fill = (bytes: number): EntryDraft => ({
      type: 'note',
      title: 'a',
      notes: 'x'.repeat(bytes - plaintext.length),
    });

    expect(made(fill(ENTRY_MAX_BYTES)).notes.length).toBeGreaterThan(229_000);
    expect(() => made(fill(ENTRY_MAX_BYTES + 1))).toThrow(RangeError);
  });

  it.for(['__proto__', 'constructor', 'toString', 'passkey'])(
    'of the kind "%s" cannot be drafted',
    (type) => {
      expect(() => entryOfDraft({ type, title: 'a' } as never, identity, AT)).toThrow(RangeError);
    },
  );
});
