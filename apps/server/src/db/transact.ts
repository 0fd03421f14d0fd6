/**
 * @file Transactions that write to vaults, and what they tell when they have committed
 * (docs/adr/0034-vault-changes-are-told-after-the-commit.md).
 */
import type { Db, Tx } from './schema.ts';

/** A vault was made or written to. */
export interface VaultChange {
  readonly ownerId: string;
  readonly vaultId: string;
  /** The one it has now. */
  readonly revision: number;
}

/** Tells others. It neither waits nor throws. */
export type TellVaultChanges = (changes: readonly VaultChange[]) => void;

const tellers = new WeakMap<Db, TellVaultChanges>();
const noted = new WeakMap<Tx, VaultChange[]>();

/** Has the vault changes of a database told. */
export function tellVaultChanges(db: Db, tell: TellVaultChanges): void {
  tellers.set(db, tell);
}

/** Runs a transaction, and tells what it noted once it has committed. */
export async function transact<Outcome>(db: Db, work: (tx: Tx) => Promise<Outcome>): Promise<Outcome> {
  const changes: VaultChange[] = [];
  const outcome = await db.transaction().execute((tx) => {
    noted.set(tx, changes);
    return work(tx);
  });
  if (changes.length > 0) tellers.get(db)?.(changes);
  return outcome;
}

/** Notes that this transaction writes to a vault. */
export function noteVaultChange(tx: Tx, change: VaultChange): void {
  const changes = noted.get(tx);
  if (changes === undefined) throw new TypeError('a vault is written to only within `transact`');
  changes.push(change);
}
