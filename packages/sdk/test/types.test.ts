/** @file What must not compile; the compiler is the test. */
import { describe, expectTypeOf, it } from 'vitest';
import type { Entry, EntryDraft, LoginEntry, Storage, VaultClient } from '../src/index.ts';

describe('types', () => {
  it('refuse what a kind does not have', () => {
    const drafts: EntryDraft[] = [
      { type: 'login', title: 'a', password: 'p' },
      // @ts-expect-error a note has no password
      { type: 'note', title: 'a', password: 'p' },
      // @ts-expect-error a title is needed
      { type: 'card', number: '1' },
      // @ts-expect-error there is no such kind
      { type: 'passkey', title: 'a' },
      // @ts-expect-error ids are made by the client
      { type: 'note', title: 'a', id: 'x' },
    ];

    expectTypeOf(drafts).toEqualTypeOf<EntryDraft[]>();
  });

  it('tell entries apart by their type', () => {
    expectTypeOf<LoginEntry['password']>().toEqualTypeOf<string>();
    expectTypeOf<Extract<Entry, { type: 'other' }>['originalType']>().toEqualTypeOf<string>();
    expectTypeOf<Entry['type']>().toEqualTypeOf<
      'login' | 'note' | 'card' | 'identity' | 'ssh-key' | 'custom' | 'other'
    >();
  });

  it('let nobody change an entry in place, or mistake bytes for text', () => {
    const change = (entry: LoginEntry): void => {
      // @ts-expect-error entries are read-only
      entry.password = 'x';
    };
    const store = (storage: Storage): Promise<void> =>
      // @ts-expect-error bytes are a Uint8Array
      storage.set('key', 'text');

    expectTypeOf(change).parameter(0).toEqualTypeOf<LoginEntry>();
    expectTypeOf(store).parameter(0).toEqualTypeOf<Storage>();
    expectTypeOf<VaultClient['exportUnlockKey']>().returns.toEqualTypeOf<Uint8Array>();
  });
});
