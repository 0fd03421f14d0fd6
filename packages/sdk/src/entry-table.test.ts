import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Entry } from './entry-kinds.ts';
import { type EntryTable, emptyEntryTable } from './entry-table.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const entryOf = (id: string, version: number) => ({ id, version }) as Entry;
const idOf = (number: number) => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

function tableOf(ids: readonly string[]): EntryTable {
  return emptyEntryTable.with(new Map(ids.map((id) => [id, entryOf(id, 1)])));
}

/** Few ids, so that one is put, replaced and taken out again; some differ in their first digit, some in their last. */
const ids = fc.oneof(fc.integer({ min: 0, max: 99 }).map(idOf), fc.uuid({ version: 4 }));
const steps = fc.array(
  fc.array(fc.tuple(ids, fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined })), { maxLength: 60 }),
  { maxLength: 8 },
);

describe('a table of entries', () => {
  it('holds after any changes what a map holds, and every earlier table what it held', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const model = new Map<string, Entry>();
        let table = emptyEntryTable;
        const history: { table: EntryTable; held: ReadonlyMap<string, Entry> }[] = [];
        for (const step of all) {
          const changes = new Map(
            step.map(([id, version]) => [id, version === undefined ? undefined : entryOf(id, version)]),
          );
          for (const [id, entry] of changes) {
            if (entry === undefined) model.delete(id);
            else model.set(id, entry);
          }
          table = table.with(changes);
          history.push({ table, held: new Map(model) });
        }
        for (const { table: earlier, held } of history) {
          expect(earlier.size).toBe(held.size);
          expect(new Map([...earlier.values()].map((entry) => [entry.id, entry]))).toEqual(held);
          expect(new Set(earlier.keys())).toEqual(new Set(held.keys()));
          for (const [id, entry] of held) expect(earlier.get(id)).toBe(entry);
        }
      }),
    );
  });

  it('has no entry that it was not given', () => {
    const table = tableOf(Array.from({ length: 1000 }, (_, number) => idOf(number)));

    expect(table.has(idOf(999))).toBe(true);
    expect(table.has(idOf(1000))).toBe(false);
    expect(table.has('')).toBe(false);
    expect(table.get('toString')).toBeUndefined();
  });

  it('copies few entries for one change among 20,000', () => {
    const table = tableOf(Array.from({ length: 20_000 }, () => crypto.randomUUID()));
    const put = vi.spyOn(Map.prototype, 'set');
    const id = crypto.randomUUID();

    const after = table.with(new Map([[id, entryOf(id, 1)]]));

    expect(put.mock.calls.length).toBeLessThan(50);
    expect(put.mock.calls.length).toBeGreaterThan(0);
    expect(after.size).toBe(20_001);
    expect(table.size).toBe(20_000);
  });
});
