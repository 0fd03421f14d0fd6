/**
 * @file Changes of an account's keys, all in one way: make the next account here, send it, read back what the
 * server has, and only then put it in place of the one before (docs/protocol.md section 9).
 *
 * [Note: Changes converge] What is sent is kept as a pending change first. If no answer comes, or a lie, the
 * account stored here is still the one before: it opens everything. The next change first finds out which of the
 * two the server has, and goes on from there.
 */
import { wipe } from '@zkvault/crypto-core';
import { type AccountState, markOf } from './account-state.ts';
import { type AccountWork, makeAccountWork } from './account-work.ts';
import { ConflictError, IntegrityError, TransportError } from './errors.ts';
import type { KeyedAccount, NextAccount, OpenedAccount } from './keyed-account.ts';
import type { OpenClient } from './open-client.ts';
import type { CallOptions } from './options.ts';
import type { Session } from './session.ts';
import type { Settings } from './settings.ts';
import type { SignedIn } from './sign-in.ts';
import type { StoredAccount } from './stored-account.ts';

const MAX_ATTEMPTS = 3;

/** What a change works with. */
export interface ChangeDeps {
  readonly settings: () => Settings;
  /** @throws {LockedError} */
  readonly opened: () => Promise<OpenClient>;
  /** Puts a newly opened account in place of the session. */
  readonly replace: (signedIn: SignedIn) => Promise<void>;
}

/** A change of an account. */
export interface Change {
  /** Present password. */
  readonly password: string;
  /** The password after it. */
  readonly nextPassword: string;
  /** True of an account that an earlier attempt, whose answer was lost, has left and that is what is wished. */
  readonly isDone: (account: StoredAccount) => boolean;
  /** Makes the next account; asked again on top of what another device wrote meanwhile. */
  readonly make: (from: OpenedAccount) => Promise<NextAccount>;
}

/** The account state that follows the present one, with what is to be different in it. */
export function nextState(
  { account, session }: OpenedAccount,
  change: Partial<AccountState> & Pick<AccountState, 'updatedBy' | 'updatedAt'>,
): AccountState {
  const { seq, hash: prev } = markOf(account.accountState);
  return { ...session.accountState(), seq: seq + 1, prev, ...change };
}

/**
 * Carries a change out, alone, and lets the session go on with what it made.
 *
 * @param read of what the account is then; what it is given is wiped afterwards.
 * @throws {LockedError} @throws {UnlockError} the password is wrong; nothing was sent.
 * @throws {AuthError} `current-key-wrong`: the password was changed elsewhere, or tried too often.
 * @throws {ConflictError} other devices wrote first, three times.
 * @throws {RotationIncompleteError} the server says that it is done, and it is not.
 * @throws {TransportError} with `maybeApplied` it may be done all the same: do it again, to the same end.
 * @throws {IntegrityError} what the server has is not what this account had.
 */
export async function changeAccount<Value>(
  deps: ChangeDeps,
  change: Change,
  read: (done: KeyedAccount) => Value,
  options: CallOptions,
): Promise<Value> {
  const client = await deps.opened();
  return client.vaults.exclusively(async () => {
    client.session.assertUnlocked();
    const used: KeyedAccount[] = [];
    const work = makeAccountWork(deps.settings(), client, options);
    const keep = <Account extends KeyedAccount>(account: Account): Account => {
      used.push(account);
      return account;
    };
    try {
      const stored = keep(await work.openStored(change.password));
      const { from, isNext } = await work.settleFormer(stored, change.nextPassword);
      keep(from);
      const done = isNext && change.isDone(from.account) ? from : await attempt(work, from, change, keep);
      await deps.replace(await work.adopt(done));
      return read(done);
    } catch (error) {
      // The session is still the one before: it must not go on with a server that was caught.
      if (error instanceof IntegrityError) client.gate.shut(error);
      throw error;
    } finally {
      for (const account of used) forget(account);
    }
  });
}

async function attempt(
  work: AccountWork,
  first: OpenedAccount,
  change: Change,
  keep: <Account extends KeyedAccount>(account: Account) => Account,
): Promise<KeyedAccount> {
  let from = first;
  for (let count = 1; ; count += 1) {
    const next = keep(await change.make(from));
    const failure = await work.send(from, next);
    if (failure === undefined || isLost(failure)) return keep(await work.confirm(next, failure));
    const isBehind = failure instanceof ConflictError && failure.code === 'conflict';
    if (!isBehind || count === MAX_ATTEMPTS) {
      await work.forgetPending(from, next);
      throw failure;
    }
    from = keep(await work.openPresent(from));
  }
}

function isLost(failure: unknown): failure is TransportError {
  return failure instanceof TransportError && failure.maybeApplied;
}

function forget(account: KeyedAccount & { readonly session?: Session }): void {
  wipe(account.keys.authKey, account.keys.wrappingKey);
  if (account.secretKey !== undefined) wipe(account.secretKey);
  account.session?.lock();
}
