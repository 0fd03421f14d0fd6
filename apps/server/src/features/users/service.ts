/** @file Accounts as other features see them. */
import type { KdfProfile, Sealed, User, Wrap } from '@zkvault/contract';
import type { UserRow } from '../../db/schema.ts';
import type { ShownUserRow } from './directory-store.ts';

export { updateStanding } from './directory-store.ts';
export { isAbove, isPermitted } from './permissions.ts';
export {
  findUser,
  findUserByLogin,
  findUserLater,
  insertUser,
  lockUser,
  lockUserAlone,
  type NewCredential,
  refreshVerifier,
  replaceAccountKey,
  replaceCredential,
  setAsksSecondFactor,
  type Verifier,
} from './store.ts';

/** An account without anything secret. */
export function toUser(row: ShownUserRow): User {
  return {
    id: row.id,
    login: row.login,
    email: row.email,
    fullName: row.full_name,
    role: row.role,
    isActive: row.is_active,
    secondFactor: row.asks_second_factor,
    createdAt: row.created_at.toISOString(),
  };
}

/** What an account's client needs to open its vaults; it goes into the answer to a login and nowhere else. */
export interface KeyMaterial {
  readonly salt: string;
  readonly profile: KdfProfile;
  readonly akEpoch: number | null;
  readonly wrap: Wrap | null;
  readonly accountState: Sealed | null;
}

/** The key material of an account; null where the account brings its own format. */
export function toKeyMaterial(row: UserRow): KeyMaterial {
  return {
    salt: row.kdf_salt,
    profile: row.kdf_profile as KdfProfile,
    akEpoch: row.ak_epoch,
    wrap: toEnvelope(row.wrap_ciphertext, row.wrap_iv, row.wrap_tag),
    accountState: toAccountState(row),
  };
}

function toAccountState(row: UserRow): Sealed | null {
  const envelope = toEnvelope(row.state_ciphertext, row.state_iv, row.state_tag);
  return envelope === null || row.state_seq === null ? null : { ...envelope, seq: row.state_seq };
}

function toEnvelope(ciphertext: string | null, iv: string | null, tag: string | null): Wrap | null {
  return ciphertext === null || iv === null || tag === null ? null : { ciphertext, iv, tag };
}
