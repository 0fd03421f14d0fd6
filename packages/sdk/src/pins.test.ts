import { deriveAccountKeys, makeAccountKey } from '@zkvault/crypto-core';
import { describe, expect, it } from 'vitest';
import { ForkError, IntegrityError, LockedError, RollbackError } from './errors.ts';
import { openPinBook, type Pins, readUnverifiedPins, type VaultPin } from './pins.ts';
import { memoryStorage } from './storage.ts';

const ID = '5c6973e6-78bb-4a88-b8b4-20178c6a57f7';
const { pinsKey } = deriveAccountKeys(makeAccountKey());
const hash = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const account: Omit<Pins, 'vaults'> = {
  accountId: ID,
  kdfRank: 2,
  skFlag: 1,
  akEpoch: 1,
  state: { seq: 3, hash: hash(3) },
};
const pin = (seq: number, fill = seq): VaultPin => ({
  seq,
  hash: hash(fill),
  entryCount: seq,
  verifiedAt: '2026-01-01T00:00:00.000Z',
  committedAt: '2026-01-01T00:00:00.000Z',
});

function givenBook() {
  const storage = memoryStorage();
  return { storage, book: openPinBook(storage, 'pins', () => pinsKey) };
}

describe('pins', () => {
  it('are read back as they were raised', async () => {
    const { storage, book } = givenBook();

    await book.raise({ account, vaults: { [ID]: pin(5) } });

    const expected = { ...account, vaults: { [ID]: pin(5) } };
    expect(await openPinBook(storage, 'pins', () => pinsKey).read()).toEqual(expected);
    expect(await readUnverifiedPins(storage, 'pins')).toEqual(expected);
  });

  it('never go down, whatever is raised', async () => {
    const { book } = givenBook();
    await book.raise({ account, vaults: { [ID]: pin(5) } });

    await book.raise({
      account: { ...account, kdfRank: 1, skFlag: 0, state: { seq: 2, hash: hash(2) } },
      vaults: { [ID]: pin(4) },
    });

    expect(await book.read()).toEqual({ ...account, vaults: { [ID]: pin(5) } });
  });

  it('of a later account key are a rollback to who begins, and lock who has begun before it was replaced', async () => {
    const { storage, book } = givenBook();
    const older = (akEpoch: number) => {
      if (akEpoch > 1) throw new RollbackError('the account key is of epoch 1');
      return pinsKey;
    };
    await book.raise({ account });
    const before = openPinBook(storage, 'pins', older);
    await before.read();

    await book.raise({ account: { ...account, akEpoch: 2 } });

    await expect(before.read()).rejects.toThrow(LockedError);
    await expect(openPinBook(storage, 'pins', older).read()).rejects.toThrow(RollbackError);
  });

  it('are not lowered by another process that overwrote them', async () => {
    const { storage, book } = givenBook();
    await book.raise({ account, vaults: { [ID]: pin(4) } });
    const older = (await storage.get('pins'))!;
    await book.raise({ vaults: { [ID]: pin(5) } });

    await storage.set('pins', older);

    expect((await book.read())?.vaults[ID]).toEqual(pin(5));
    await storage.delete('pins');
    expect((await book.read())?.vaults[ID]).toEqual(pin(5));
  });

  it('keep what two clients raise at the same moment', async () => {
    const memory = memoryStorage();
    const slow = {
      ...memory,
      set: async (key: string, value: Uint8Array) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        await memory.set(key, value);
      },
    };
    const other = 'fea27f6d-9400-4d78-bcb5-1779bf16e44f';
    const books = [1, 2].map(() => openPinBook(slow, 'pins', () => pinsKey));
    await books[0]!.raise({ account });

    await Promise.all([
      books[0]!.raise({ vaults: { [ID]: pin(5) } }),
      books[1]!.raise({ vaults: { [other]: pin(7) } }),
    ]);

    const kept = await openPinBook(memory, 'pins', () => pinsKey).read();
    expect(kept?.vaults).toEqual({ [ID]: pin(5), [other]: pin(7) });
  });

  it('refuse another branch of the same number, and stay as they are', async () => {
    const { storage, book } = givenBook();
    await book.raise({ account, vaults: { [ID]: pin(5) } });
    const before = await storage.get('pins');

    await expect(book.raise({ vaults: { [ID]: pin(5, 9) } })).rejects.toThrow(ForkError);
    await expect(book.raise({ account: { ...account, state: { seq: 3, hash: hash(9) } } })).rejects.toThrow(
      ForkError,
    );

    expect(await storage.get('pins')).toEqual(before);
  });

  it('of another account, or under another key, are refused', async () => {
    const { storage, book } = givenBook();
    await book.raise({ account });
    const other = deriveAccountKeys(makeAccountKey());

    await expect(openPinBook(storage, 'pins', () => other.pinsKey).read()).rejects.toThrow(IntegrityError);
    await expect(book.raise({ account: { ...account, accountId: ID.replace('5c', '6c') } })).rejects.toThrow(
      IntegrityError,
    );
  });

  it('with any bit changed are refused', async () => {
    const { storage, book } = givenBook();
    await book.raise({ account, vaults: { [ID]: pin(5) } });
    const stored = (await storage.get('pins'))!;

    for (let index = 0; index < stored.length; index += 1) {
      const changed = stored.slice();
      changed[index]! ^= 1;
      await storage.set('pins', changed);
      await expect(openPinBook(storage, 'pins', () => pinsKey).read(), `byte ${index}`).rejects.toThrow(
        IntegrityError,
      );
    }
  });

  it('of an account key before are checked under its key, and read as none if that is not known', async () => {
    const storage = memoryStorage();
    const next = deriveAccountKeys(makeAccountKey()).pinsKey;
    await openPinBook(storage, 'pins', () => pinsKey).raise({ account, vaults: { [ID]: pin(5) } });
    const keyOf = (former: typeof pinsKey | undefined) => (akEpoch: number) =>
      akEpoch === 2 ? next : former;

    const wrong = openPinBook(storage, 'pins', keyOf(next));
    const unknown = openPinBook(storage, 'pins', keyOf(undefined));
    const known = openPinBook(storage, 'pins', keyOf(pinsKey));

    await expect(wrong.read()).rejects.toThrow(IntegrityError);
    expect(await unknown.read()).toBeUndefined();
    expect(await known.read()).toMatchObject({ akEpoch: 1, vaults: { [ID]: { seq: 5 } } });
    await known.raise({ account: { ...account, akEpoch: 2 } });
    expect(await openPinBook(storage, 'pins', keyOf(undefined)).read()).toMatchObject({
      akEpoch: 2,
      vaults: { [ID]: { seq: 5 } },
    });
  });
});
