/** @file Recovery: a key on paper, made by the client, that lets its owner set a new password. */
import { type Static, Type } from '@sinclair/typebox';
import { Device, LoginAnswer, Transport } from './auth.ts';
import { LOGIN_MAX_LENGTH } from './login.ts';
import { NewRecovery } from './recovery-fields.ts';
import { defineRoute } from './route.ts';
import {
  AuthKey,
  Base64UrlOf,
  Counter,
  Instant,
  KdfProfile,
  Nullable,
  Ordinal,
  Salt,
  Sealed,
  Uuid,
  Wrap,
} from './scalars.ts';
import { SecondFactor } from './second-factor.ts';
import { Vault } from './vaults.ts';

const refusals = ['invalid-token', 'insufficient-permission', 'current-key-wrong', 'conflict'] as const;

/** Says whether the account has a recovery key. The wrap is not given. */
export const getRecovery = defineRoute({
  operationId: 'getRecovery',
  method: 'GET',
  path: '/api/v1/auth/recovery',
  tag: 'auth',
  summary: 'Is there a recovery key',
  description: 'A client believes its account state, not this answer.',
  auth: 'session',
  permission: 'self:read',
  success: {
    status: 200,
    body: Type.Object(
      { recovery: Nullable(Type.Object({ id: Uuid, createdAt: Instant }, { title: 'RecoveryKey' })) },
      { title: 'RecoveryStatus' },
    ),
  },
  refusals: ['invalid-token', 'insufficient-permission'],
});

/** Enrols a recovery key, in place of the one that was there. */
export const enrolRecovery = defineRoute({
  operationId: 'enrolRecovery',
  method: 'PUT',
  path: '/api/v1/auth/recovery',
  tag: 'auth',
  summary: 'Enrol or renew the recovery key',
  description:
    'authKey is the present one; recovery.authKey proves the recovery key. An account with an account state sends its next one in the same request. The recovery key before, if there was one, is void.',
  auth: 'session',
  permission: 'self:write',
  body: Type.Object(
    { authKey: AuthKey, recovery: NewRecovery, accountState: Type.Optional(Sealed) },
    { additionalProperties: false },
  ),
  success: { status: 204 },
  refusals,
});

/** Removes the recovery key. */
export const removeRecovery = defineRoute({
  operationId: 'removeRecovery',
  method: 'DELETE',
  path: '/api/v1/auth/recovery',
  tag: 'auth',
  summary: 'Remove the recovery key',
  description:
    'authKey is the present one. An account with an account state sends its next one in the same request.',
  auth: 'session',
  permission: 'self:write',
  body: Type.Object(
    { authKey: AuthKey, accountState: Type.Optional(Sealed) },
    { additionalProperties: false },
  ),
  success: { status: 204 },
  refusals,
});

/** How long a recovery may take between its two requests, in seconds. */
export const RECOVERY_SECONDS = 600;

const RecoveryToken = Base64UrlOf(32);

/** What a recovery begins with; given for a proof of the recovery key and for nothing else. */
export const RecoveryAnswer = Type.Object(
  {
    accountId: Uuid,
    recoveryToken: RecoveryToken,
    expiresIn: Type.Integer({ minimum: 1, maximum: 3_600, description: 'Seconds.' }),
    recoveryId: Uuid,
    recoveryWrap: Wrap,
    akEpoch: Nullable(Ordinal),
    accountState: Nullable(Sealed),
    vaults: Type.Array(Vault),
  },
  { title: 'RecoveryAnswer' },
);
export type RecoveryAnswer = Static<typeof RecoveryAnswer>;

/** Begins a recovery. Wrong login, wrong key, wrong second factor, locked and no recovery key are one answer. */
export const recover = defineRoute({
  operationId: 'recover',
  method: 'POST',
  path: '/api/v1/auth/recover',
  tag: 'auth',
  summary: 'Begin a recovery',
  description:
    'The recovery key stands in for the password only: an account with a second factor gets second-factor-required after a right recovery key, as at a login. The token is good for one /auth/recover/rekey.',
  auth: 'none',
  rateLimit: 'login',
  body: Type.Object(
    {
      login: Type.String({ minLength: 1, maxLength: LOGIN_MAX_LENGTH }),
      recoveryAuthKey: AuthKey,
      secondFactor: Type.Optional(SecondFactor),
    },
    { additionalProperties: false },
  ),
  success: { status: 200, body: RecoveryAnswer },
  refusals: ['invalid-credentials', 'second-factor-required'],
});

/** Ends a recovery: a new password and a new recovery key in one step. Every session ends; a new one begins. */
export const completeRecovery = defineRoute({
  operationId: 'completeRecovery',
  method: 'POST',
  path: '/api/v1/auth/recover/rekey',
  tag: 'auth',
  summary: 'Set a new password in a recovery',
  description:
    'newWrap, newAccountState and ifSeq are needed exactly if the account has an account state. recovery is the new recovery key, with a new id: the old one is void. The answer is that of a login.',
  auth: 'none',
  rateLimit: 'login',
  body: Type.Object(
    {
      recoveryToken: RecoveryToken,
      newProfile: KdfProfile,
      newSalt: Salt,
      newAuthKey: AuthKey,
      newWrap: Type.Optional(Wrap),
      newAccountState: Type.Optional(Sealed),
      ifSeq: Type.Optional(Counter),
      recovery: NewRecovery,
      transport: Transport,
      device: Device,
    },
    { additionalProperties: false },
  ),
  success: { status: 200, body: LoginAnswer },
  refusals: ['invalid-token', 'conflict', 'origin-refused'],
});
