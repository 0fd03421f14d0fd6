/** @file Second factors: set up, confirm, renew the recovery codes, do without again; and what a login gives. */
import { type Static, Type } from '@sinclair/typebox';
import { defineRoute } from './route.ts';
import { AuthKey } from './scalars.ts';

/** A one-time password of RFC 6238: SHA-1, 6 digits, 30 seconds. */
const Totp = Type.String({ pattern: '^[0-9]{6}$', minLength: 6, maxLength: 6 });

/** A recovery code as a person types it: 16 characters, with spaces and dashes as they like. */
const TypedRecoveryCode = Type.String({ pattern: '^[0-9A-Za-z -]+$', minLength: 16, maxLength: 40 });

/** What a login gives beside the key: a one-time password, or one of the recovery codes in its place. */
export const SecondFactor = Type.Union([
  Type.Object({ totp: Totp }, { additionalProperties: false }),
  Type.Object({ recoveryCode: TypedRecoveryCode }, { additionalProperties: false }),
]);
export type SecondFactor = Static<typeof SecondFactor>;

const RecoveryCodes = Type.Object(
  {
    recoveryCodes: Type.Array(
      Type.String({ pattern: '^[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}$' }),
      {
        minItems: 10,
        maxItems: 10,
        description: 'Each stands in for a one-time password once. They are shown this once.',
      },
    ),
  },
  { title: 'RecoveryCodes' },
);

/** Makes a seed that waits to be confirmed, in place of one that waits already. */
export const setUpSecondFactor = defineRoute({
  operationId: 'setUpSecondFactor',
  method: 'POST',
  path: '/api/v1/auth/2fa/setup',
  tag: 'auth',
  summary: 'Set a second factor up',
  description:
    'Changes nothing for logins until it is confirmed. The client draws the QR code of otpauthUrl itself: the secret goes to no third party. A second factor that is in use has to be disabled first.',
  auth: 'session',
  permission: 'self:write',
  body: Type.Object({ authKey: AuthKey }, { additionalProperties: false }),
  success: {
    status: 200,
    body: Type.Object(
      {
        secret: Type.String({
          pattern: '^[A-Z2-7]{32}$',
          description: 'The seed in base32 (RFC 4648), 20 bytes.',
        }),
        otpauthUrl: Type.String({ pattern: '^otpauth://totp/[\\x21-\\x7e]+$', maxLength: 2048 }),
      },
      { title: 'SecondFactorSetup' },
    ),
  },
  refusals: ['invalid-token', 'insufficient-permission', 'current-key-wrong', 'second-factor-active'],
});

/** Confirms the seed with a one-time password of it; every login needs a second factor from then on. */
export const verifySecondFactor = defineRoute({
  operationId: 'verifySecondFactor',
  method: 'POST',
  path: '/api/v1/auth/2fa/verify',
  tag: 'auth',
  summary: 'Confirm a second factor and get the recovery codes',
  auth: 'session',
  permission: 'self:write',
  body: Type.Object({ authKey: AuthKey, totp: Totp }, { additionalProperties: false }),
  success: { status: 200, body: RecoveryCodes },
  refusals: [
    'invalid-token',
    'insufficient-permission',
    'current-key-wrong',
    'second-factor-wrong',
    'second-factor-active',
  ],
});

/** Replaces the recovery codes. */
export const renewRecoveryCodes = defineRoute({
  operationId: 'renewRecoveryCodes',
  method: 'POST',
  path: '/api/v1/auth/2fa/recovery-codes',
  tag: 'auth',
  summary: 'Replace the recovery codes',
  auth: 'session',
  permission: 'self:write',
  body: Type.Object({ authKey: AuthKey }, { additionalProperties: false }),
  success: { status: 200, body: RecoveryCodes },
  refusals: ['invalid-token', 'insufficient-permission', 'current-key-wrong', 'second-factor-inactive'],
});

/** Does without a second factor again. */
export const disableSecondFactor = defineRoute({
  operationId: 'disableSecondFactor',
  method: 'DELETE',
  path: '/api/v1/auth/2fa',
  tag: 'auth',
  summary: 'Do without a second factor again',
  description: 'Idempotent. Also drops a seed that waits to be confirmed, and the recovery codes.',
  auth: 'session',
  permission: 'self:write',
  body: Type.Object({ authKey: AuthKey }, { additionalProperties: false }),
  success: { status: 204 },
  refusals: ['invalid-token', 'insufficient-permission', 'current-key-wrong'],
});
