/** @file Vaults of the plain surface with many entries, written as any REST caller would. */
import { randomUUID } from 'node:crypto';
import { call } from './http.ts';
import { bearer, makeEnvelope, makePerson, type Person } from './people.ts';

/** Entries of one commit: as many as one may have. */
export const COMMIT_SIZE = 1_000;

/** A vault, and where it stands. */
export interface BenchVault {
  readonly person: Person;
  /** Its path below the server's URL. */
  readonly path: string;
  seq: number;
  revision: number;
}

/** A new account with its default vault. */
export async function makeVault(url: string): Promise<BenchVault> {
  const person = await makePerson(url);
  const answer = await call(`${url}/api/v1/vaults`, { headers: bearer(person) });
  const { items } = JSON.parse(answer.text()) as { items: readonly { id: string }[] };
  return { person, path: `/api/v1/vaults/${items[0]!.id}`, seq: 0, revision: 0 };
}

/** New entries, as the operations of a commit. */
export function makePuts(count: number): readonly object[] {
  return Array.from({ length: count }, () => ({
    op: 'put',
    id: randomUUID(),
    version: 1,
    vkEpoch: 1,
    schema: 1,
    ...makeEnvelope(),
  }));
}

/** Commits operations. */
export async function commit(url: string, vault: BenchVault, operations: readonly object[]): Promise<void> {
  const body = JSON.stringify({ baseSeq: vault.seq, operations });
  await call(`${url}${vault.path}/commits`, { method: 'POST', headers: bearer(vault.person), body });
  vault.seq += 1;
  vault.revision += operations.length;
}

/** Fills a vault up to a number of entries. */
export async function fillVault(url: string, vault: BenchVault, entries: number): Promise<void> {
  while (vault.revision < entries)
    await commit(url, vault, makePuts(Math.min(COMMIT_SIZE, entries - vault.revision)));
}
