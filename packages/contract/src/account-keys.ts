/** @file The keys of an account after its registration: reading them again, and rotating the account key. */
import { type Static, Type } from '@sinclair/typebox';
import { NewRecovery } from './recovery-fields.ts';
import { defineRoute } from './route.ts';
import { AuthKey, Counter, KdfProfile, Nullable, Ordinal, Salt, Sealed, Uuid, Wrap } from './scalars.ts';
import { VAULTS_PER_ACCOUNT, Vault } from './vaults.ts';

/** What opens the account, as in the answer to a login. */
export const KeyMaterial = Type.Object(
  {
    accountId: Uuid,
    salt: Salt,
    profile: KdfProfile,
    akEpoch: Nullable(Ordinal),
    wrap: Nullable(Wrap),
    accountState: Nullable(Sealed),
    vaults: Type.Array(Vault),
  },
  { title: 'KeyMaterial' },
);
export type KeyMaterial = Static<typeof KeyMaterial>;

/** Gives the key material once more, to a session that proves the key as a login does. */
export const getKeyMaterial = defineRoute({
  operationId: 'getKeyMaterial',
  method: 'POST',
  path: '/api/v1/auth/key-material',
  tag: 'auth',
  summary: 'Read the key material again',
  description:
    'authKey is the present one: a token alone gets no key material. A client reads here what became of a change that got no answer.',
  auth: 'session',
  permission: 'self:read',
  body: Type.Object({ authKey: AuthKey }, { additionalProperties: false }),
  success: { status: 200, body: KeyMaterial },
  refusals: ['invalid-token', 'insufficient-permission', 'current-key-wrong'],
});

/** Replaces the account key: every wrap of it and under it, in one step; every other session ends. */
export const rotateKeys = defineRoute({
  operationId: 'rotateKeys',
  method: 'POST',
  path: '/api/v1/auth/rotate-keys',
  tag: 'auth',
  summary: 'Rotate the account key',
  description:
    'authKey is the present one, and stays. akEpoch must be higher than the present one, ifSeq the seq of the account state that is replaced, and vaults exactly the vaults of the account that have a wrap. recovery is the new recovery key; null removes it. Every other session ends.',
  auth: 'session',
  permission: 'self:write',
  body: Type.Object(
    {
      authKey: AuthKey,
      akEpoch: Ordinal,
      wrap: Wrap,
      accountState: Sealed,
      ifSeq: Counter,
      vaults: Type.Array(Type.Object({ id: Uuid, wrap: Wrap }, { additionalProperties: false }), {
        maxItems: VAULTS_PER_ACCOUNT,
      }),
      recovery: Nullable(NewRecovery),
    },
    { additionalProperties: false },
  ),
  bodyLimitBytes: 1_048_576,
  success: { status: 200, body: Type.Object({ seq: Counter }) },
  refusals: ['invalid-token', 'insufficient-permission', 'current-key-wrong', 'conflict'],
});
