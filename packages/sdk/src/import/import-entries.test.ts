import { describe, expect, it } from 'vitest';
import { makeBitwardenExport } from '../../test/bitwarden-export.ts';
import type { Entry, EntryDraft } from '../entry-kinds.ts';
import type { Entries } from '../vault-client.ts';
import { importEntries } from './import-entries.ts';
import { parseImport } from './parse-import.ts';

/** Entries in memory that fail after a number of commits of 1,000. */
function makeVault(failAfterCommits = Number.POSITIVE_INFINITY) {
  const saved: Entry[] = [];
  const entries = {
    async list() {
      return saved;
    },
    async createMany(drafts, options) {
      for (let start = 0; start < drafts.length; start += 1_000) {
        if (start / 1_000 >= failAfterCommits) throw new Error('the network broke');
        const commit = drafts.slice(start, start + 1_000);
        saved.push(...commit.map((draft, index) => asEntry(draft, start + index)));
        options?.onProgress?.({ saved: start + commit.length, total: drafts.length });
      }
      return saved;
    },
  } satisfies Partial<Entries>;
  return { saved, client: { entries: entries as Partial<Entries> as Entries } };
}

/** What a vault gives back: everything filled in, names in another order. */
function asEntry(draft: EntryDraft, index: number): Entry {
  const { fields = [], ...rest } = draft;
  return {
    fields: fields.map(({ name, value, hidden }) => ({ hidden, value, name })),
    notes: '',
    tags: [],
    favorite: false,
    ...(draft.type === 'login' && { totp: '', urls: [], username: '', password: '' }),
    extra: {},
    version: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    ...rest,
  } as Entry;
}

const parsed = parseImport('bitwarden-json', JSON.stringify(makeBitwardenExport(2_500, 3)));

describe('an import', () => {
  it('saves every draft and reports progress from nothing to all', async () => {
    const { saved, client } = makeVault();
    const progress: number[] = [];

    const report = await importEntries(client, parsed, { onProgress: (at) => progress.push(at.saved) });

    expect(report).toEqual({ saved: 2_500, total: 2_500, duplicates: 0 });
    expect(progress).toEqual([0, 1_000, 2_000, 2_500]);
    expect(saved).toHaveLength(2_500);
  });

  it('saves nothing in a dry run, and says what it would save', async () => {
    const { saved, client } = makeVault();

    const report = await importEntries(client, parsed, { dryRun: true });

    expect(report).toEqual({ saved: 0, total: 2_500, duplicates: 0 });
    expect(saved).toEqual([]);
  });

  it('doubles nothing when it is run again after it broke off', async () => {
    const { saved, client } = makeVault(1);
    await expect(importEntries(client, parsed)).rejects.toThrow('the network broke');
    const again = makeVault();
    again.saved.push(...saved);

    const report = await importEntries(again.client, parsed);

    expect(report).toEqual({ saved: 1_500, total: 1_500, duplicates: 1_000 });
    expect(new Set(again.saved.map(({ title }) => title)).size).toBe(2_500);
    expect(again.saved).toHaveLength(2_500);
  });

  it('takes two logins for different that differ in a note or a TOTP seed alone', async () => {
    const { client } = makeVault();
    const login = { type: 'login', title: 't', username: 'u', password: 'p' } as const;
    await importEntries(client, { drafts: [login] });

    const report = await importEntries(client, {
      drafts: [
        { ...login, favorite: true, tags: ['x'] },
        { ...login, notes: 'n' },
        { ...login, totp: 's' },
      ],
    });

    expect(report).toEqual({ saved: 2, total: 2, duplicates: 1 });
  });

  it('saves duplicates too if it is told to', async () => {
    const { saved, client } = makeVault();
    const drafts = [{ type: 'note', title: 't' } as const, { type: 'note', title: 't' } as const];

    await importEntries(client, { drafts }, { keepDuplicates: true });

    expect(saved).toHaveLength(2);
  });
});
