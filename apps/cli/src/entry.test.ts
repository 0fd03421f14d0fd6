import type { Entry } from '@zkvault/sdk';
import { describe, expect, it } from 'vitest';
import { makeDraft, secretsToAsk } from './entry-input.ts';
import { detailsOf, maskedJsonOf, summaryOf } from './entry-view.ts';
import { findEntry } from './find-entry.ts';

const common = {
  version: 1,
  favorite: false,
  tags: [],
  notes: '',
  fields: [],
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  extra: {},
};
const login: Entry = {
  ...common,
  id: 'aaaaaaaa-0000-4000-8000-000000000001',
  type: 'login',
  title: 'Mail',
  username: 'ada',
  password: 'canary-1',
  urls: ['https://mail.example'],
  totp: 'canary-2',
  fields: [
    { name: 'PIN', value: 'canary-3', hidden: true },
    { name: 'Branch', value: 'Bern', hidden: false },
  ],
  extra: { newThing: { value: 'canary-4' } },
};
const card: Entry = {
  ...common,
  id: 'aaaaaaaa-0000-4000-8000-000000000002',
  type: 'card',
  title: 'mail',
  cardholder: 'Ada',
  brand: 'Visa',
  number: 'canary-5',
  expiryMonth: '1',
  expiryYear: '2030',
  securityCode: 'canary-6',
};

describe('an entry that is shown', () => {
  it('has every secret marked, and null in its place in JSON', () => {
    for (const entry of [login, card]) {
      const open = detailsOf(entry).filter(({ isSecret }) => !isSecret);

      expect(JSON.stringify(open)).not.toContain('canary');
      expect(JSON.stringify(maskedJsonOf(entry))).not.toContain('canary');
      expect(JSON.stringify(summaryOf(entry))).not.toContain('canary');
    }
    expect(maskedJsonOf(login)).toMatchObject({
      title: 'Mail',
      password: null,
      fields: [
        { name: 'PIN', value: null },
        { name: 'Branch', value: 'Bern' },
      ],
      extra: { newThing: null },
      hidden: ['password', 'totp', 'PIN', 'newThing'],
    });
  });

  it('shows a kind of a newer version with all that it says', () => {
    const entry: Entry = {
      ...common,
      id: 'aaaaaaaa-0000-4000-8000-000000000003',
      type: 'other',
      originalType: 'passkey',
      title: 'Key',
      extra: { origin: 'x' },
    };

    const details = detailsOf(entry).map(({ name, text }) => [name, text]);

    expect(details).toContainEqual(['type', 'passkey']);
    expect(details).toContainEqual(['origin', 'x']);
  });
});

describe('an entry that is looked for', () => {
  const entries = [login, card];

  it.for([
    ['its id', login.id, login],
    ['its id in capitals', login.id.toUpperCase(), login],
    ['its exact title, before one that differs in case', 'mail', card],
  ] as const)('is found by %s', ([, wanted, found]) => {
    expect(findEntry(entries, wanted)).toBe(found);
  });

  it('is found by the beginning of its id only if that is long enough', () => {
    expect(findEntry([login], 'aaaaaaaa')).toBe(login);
    expect(() => findEntry([login], 'aaaaaaa')).toThrow(expect.objectContaining({ exit: 'not-found' }));
  });

  it('is asked for again if several have the title, with their ids', () => {
    expect(() => findEntry(entries, 'MAIL')).toThrow(expect.objectContaining({ code: 'ambiguous' }));
    expect(() => findEntry(entries, 'aaaaaaaa')).toThrow(login.id);
  });
});

describe('an entry that is added', () => {
  const flags = {
    kind: 'card',
    title: 'T',
    favorite: false,
    tags: [],
    urls: [],
    set: [],
    fields: [],
  } as const;
  const nothing = { own: new Map<string, string>(), custom: [] };

  it('is made of flags, and of secrets that came another way', () => {
    const draft = makeDraft(
      { ...flags, set: ['brand=Visa', 'cardholder=A=B'], fields: ['Where=drawer'] },
      { own: new Map([['number', '4000']]), custom: [{ name: 'PIN', value: '1', hidden: true }] },
    );

    expect(draft).toEqual({
      type: 'card',
      title: 'T',
      favorite: false,
      tags: [],
      brand: 'Visa',
      cardholder: 'A=B',
      number: '4000',
      fields: [
        { name: 'Where', value: 'drawer', hidden: false },
        { name: 'PIN', value: '1', hidden: true },
      ],
    });
  });

  it.for([
    ['a secret in a flag', { set: ['number=4000'] }],
    ['a field of another kind', { set: ['username=ada'] }],
    ['a pair without a name', { fields: ['=x'] }],
    ['a word that is no pair', { set: ['brand'] }],
    ['a URL of what is no login', { urls: ['https://a.example'] }],
    ['a name of JavaScript itself', { set: ['__proto__=x'] }],
  ] as const)('refuses %s', ([, wrong]) => {
    expect(() => makeDraft({ ...flags, ...wrong }, nothing)).toThrow(
      expect.objectContaining({ exit: 'usage' }),
    );
  });

  it('asks for the secrets of its kind in a fixed order, the long ones last', () => {
    expect(secretsToAsk('login', ['notes', 'totp'], false)).toEqual(['password', 'totp', 'notes']);
    expect(secretsToAsk('login', ['totp'], true)).toEqual(['totp']);
    expect(secretsToAsk('card', [], false)).toEqual(['number', 'securityCode']);
    expect(() => secretsToAsk('card', ['password'], false)).toThrow(
      expect.objectContaining({ exit: 'usage' }),
    );
    expect(() => secretsToAsk('ssh-key', ['notes'], false)).toThrow(
      expect.objectContaining({ exit: 'usage' }),
    );
  });
});
