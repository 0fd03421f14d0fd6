/** @file Accounts and sessions: policy, prelogin, registration, login, refresh, sessions, rekey. */
import { type Static, Type } from '@sinclair/typebox';
import { PasswordAdvice, RegistrationMode } from './administration.ts';
import { InvitationToken } from './invitations.ts';
import { LOGIN_MAX_LENGTH } from './login.ts';
import { Page, PageQuery } from './paging.ts';
import { NewRecovery } from './recovery-fields.ts';
import { defineRoute } from './route.ts';
import {
  AuthKey,
  Counter,
  Instant,
  KdfProfile,
  Nullable,
  Ordinal,
  RefreshToken,
  Salt,
  Sealed,
  Uuid,
  Wrap,
} from './scalars.ts';
import { SecondFactor } from './second-factor.ts';
import { Email, FullName, User } from './users.ts';
import { NewVault, VAULTS_PER_ACCOUNT, Vault } from './vaults.ts';

/** A login as a person types it; the server makes it canonical. */
const Login = Type.String({ minLength: 1, maxLength: LOGIN_MAX_LENGTH });

/** Advice for a registration form. A client only ever tightens its own rules with it. */
export const AuthPolicy = Type.Object(
  {
    password: PasswordAdvice,
    kdfProfile: KdfProfile,
    registration: RegistrationMode,
  },
  { title: 'AuthPolicy' },
);
export type AuthPolicy = Static<typeof AuthPolicy>;

/** What the server asks of a new account. */
export const getAuthPolicy = defineRoute({
  operationId: 'getAuthPolicy',
  method: 'GET',
  path: '/api/v1/auth/policy',
  tag: 'auth',
  summary: 'Password policy and registration mode',
  auth: 'none',
  success: { status: 200, body: AuthPolicy },
  refusals: [],
});

/** The salt and KDF profile of a login; an unknown one gets a stable false salt. */
export const prelogin = defineRoute({
  operationId: 'prelogin',
  method: 'POST',
  path: '/api/v1/auth/prelogin',
  tag: 'auth',
  summary: 'Salt and KDF profile of a login',
  auth: 'none',
  body: Type.Object({ login: Login }, { additionalProperties: false }),
  success: { status: 200, body: Type.Object({ profile: KdfProfile, salt: Salt }, { title: 'Prelogin' }) },
  refusals: [],
});

/**
 * Creates an account. `akEpoch`, `wrap`, `accountState` and `vaults` are all there or all absent;
 * without them the account gets one vault with `integrity: "none"`.
 */
export const register = defineRoute({
  operationId: 'register',
  method: 'POST',
  path: '/api/v1/auth/register',
  tag: 'auth',
  summary: 'Create an account',
  description:
    'A taken or reserved login gets the same registration-refused. akEpoch, wrap, accountState (seq 0) and vaults may be left out, all together, by a caller that brings its own format: a default vault with integrity "none" is then made. An invitation gives its role, and is needed where registration is by invitation; a void one is refused in either case.',
  auth: 'none',
  rateLimit: 'register',
  body: Type.Object(
    {
      accountId: Uuid,
      login: Login,
      email: Type.Optional(Email),
      fullName: Type.Optional(FullName),
      profile: KdfProfile,
      salt: Salt,
      authKey: AuthKey,
      akEpoch: Type.Optional(Ordinal),
      wrap: Type.Optional(Wrap),
      accountState: Type.Optional(Sealed),
      vaults: Type.Optional(Type.Array(NewVault, { minItems: 1, maxItems: VAULTS_PER_ACCOUNT })),
      recovery: Type.Optional(NewRecovery),
      invitation: Type.Optional(InvitationToken),
    },
    { additionalProperties: false },
  ),
  bodyLimitBytes: 1_048_576,
  success: { status: 201, body: Type.Object({ accountId: Uuid }) },
  refusals: ['registration-refused'],
});

/** How the refresh token travels: in bodies, or in a cookie that scripts cannot read. Never both. */
export const Transport = Type.Union([Type.Literal('body'), Type.Literal('cookie')]);
export type Transport = Static<typeof Transport>;

/** The device that logs in, as its owner will see it in the list of sessions. */
export const Device = Type.Object(
  {
    id: Uuid,
    name: Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\u0000-\\u001f\\u007f]+$' }),
  },
  { additionalProperties: false, title: 'Device' },
);
export type Device = Static<typeof Device>;

/** A bearer token as RFC 6750 section 2.1 spells it: it can stand in a header as it is. */
const AccessToken = Type.String({ minLength: 1, maxLength: 4096, pattern: '^[A-Za-z0-9._~+/-]+=*$' });

const tokenFields = {
  accessToken: AccessToken,
  tokenType: Type.Literal('Bearer'),
  expiresIn: Type.Integer({ minimum: 1, maximum: 31_536_000, description: 'Seconds.' }),
  refreshToken: Type.Optional(RefreshToken),
};

/** A new pair of tokens; `refreshToken` is absent with the cookie transport. */
export const Tokens = Type.Object(tokenFields, { title: 'Tokens' });
export type Tokens = Static<typeof Tokens>;

/** Everything a client needs to open its vaults. Key material is given here and nowhere else. */
export const LoginAnswer = Type.Object(
  {
    accountId: Uuid,
    ...tokenFields,
    sessionId: Uuid,
    salt: Salt,
    profile: KdfProfile,
    akEpoch: Nullable(Ordinal),
    wrap: Nullable(Wrap),
    accountState: Nullable(Sealed),
    identity: Type.Null(),
    vaults: Type.Array(Vault),
    user: User,
    lastSecurityViolationAt: Nullable(
      Type.String({
        ...Instant,
        description: 'When a used refresh token was used again, if that was since the login before this one.',
      }),
    ),
  },
  { title: 'LoginAnswer' },
);
export type LoginAnswer = Static<typeof LoginAnswer>;

/** Logs in. Wrong login, wrong key, wrong second factor, locked and inactive get the same answer. */
export const login = defineRoute({
  operationId: 'login',
  method: 'POST',
  path: '/api/v1/auth/login',
  tag: 'auth',
  summary: 'Log in',
  description:
    'An account with a second factor gets second-factor-required, after a right authKey and no sooner: ask for one and send the same again with it.',
  auth: 'none',
  rateLimit: 'login',
  body: Type.Object(
    {
      login: Login,
      authKey: AuthKey,
      transport: Transport,
      secondFactor: Type.Optional(SecondFactor),
      device: Device,
    },
    { additionalProperties: false },
  ),
  success: { status: 200, body: LoginAnswer },
  refusals: ['invalid-credentials', 'second-factor-required', 'origin-refused'],
});

/** Trades a refresh token for a new pair; of several uses of one token exactly one wins. */
export const refresh = defineRoute({
  operationId: 'refresh',
  method: 'POST',
  path: '/api/v1/auth/refresh',
  aliases: ['/api/v1/auth/token'],
  tag: 'auth',
  summary: 'Trade a refresh token for a new pair',
  description:
    'A used token ends its session, unless the same Idempotency-Key repeats its request within 30 seconds: then the answer has the same refresh token again. Without a token in the body the cookie is read.',
  auth: 'none',
  rateLimit: 'refresh',
  headers: Type.Object({
    'idempotency-key': Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, pattern: '^[\\x21-\\x7e]+$' }),
    ),
  }),
  body: Type.Object({ refreshToken: Type.Optional(RefreshToken) }, { additionalProperties: false }),
  success: { status: 200, body: Tokens },
  refusals: ['invalid-token', 'origin-refused'],
});

/** Ends a session, by its access token, its refresh token or its cookie. */
export const logout = defineRoute({
  operationId: 'logout',
  method: 'POST',
  path: '/api/v1/auth/logout',
  tag: 'auth',
  summary: 'End this session',
  description: 'Idempotent; succeeds without a token. The cookie is cleared.',
  auth: 'none',
  body: Type.Object({ refreshToken: Type.Optional(RefreshToken) }, { additionalProperties: false }),
  success: { status: 204 },
  refusals: ['origin-refused'],
});

/** Ends all sessions of the account. */
export const logoutAll = defineRoute({
  operationId: 'logoutAll',
  method: 'POST',
  path: '/api/v1/auth/logout-all',
  tag: 'auth',
  summary: 'End every session of the account',
  description: 'Idempotent; without a valid token there is nothing to end and the answer is the same.',
  auth: 'none',
  body: Type.Object({ refreshToken: Type.Optional(RefreshToken) }, { additionalProperties: false }),
  success: { status: 204 },
  refusals: ['origin-refused'],
});

/** A place where the account is logged in. */
export const Session = Type.Object(
  {
    id: Uuid,
    device: Type.Object({ id: Uuid, name: Type.String() }),
    createdAt: Instant,
    lastUsedAt: Instant,
    addressPrefix: Type.String({ description: 'IPv4 /24 or IPv6 /48 of the last use.' }),
    current: Type.Boolean(),
  },
  { title: 'Session' },
);
export type Session = Static<typeof Session>;

/** Lists where the account is logged in. */
export const listSessions = defineRoute({
  operationId: 'listSessions',
  method: 'GET',
  path: '/api/v1/auth/sessions',
  tag: 'auth',
  summary: 'List sessions',
  description: 'Newest use first.',
  auth: 'session',
  permission: 'self:read',
  query: PageQuery,
  success: { status: 200, body: Page(Session) },
  refusals: ['invalid-token', 'insufficient-permission'],
});

/** Ends one session of the account, at once. */
export const revokeSession = defineRoute({
  operationId: 'revokeSession',
  method: 'DELETE',
  path: '/api/v1/auth/sessions/:id',
  tag: 'auth',
  summary: 'End one session',
  auth: 'session',
  permission: 'self:write',
  params: Type.Object({ id: Uuid }, { additionalProperties: false }),
  success: { status: 204 },
  refusals: ['invalid-token', 'insufficient-permission', 'session-not-found'],
});

/** Changes password, KDF profile or login in one step; every other session ends. */
export const rekey = defineRoute({
  operationId: 'rekey',
  method: 'POST',
  path: '/api/v1/auth/rekey',
  aliases: ['/api/v1/users/me/change-password'],
  tag: 'auth',
  summary: 'Change password, KDF profile or login',
  description:
    'authKey is the present one. newWrap, newAccountState and ifSeq (the seq of the account state that is replaced) are needed exactly if the account has an account state. Every other session ends.',
  auth: 'session',
  permission: 'self:write',
  body: Type.Object(
    {
      authKey: AuthKey,
      newLogin: Type.Optional(Login),
      newProfile: KdfProfile,
      newSalt: Salt,
      newAuthKey: AuthKey,
      newWrap: Type.Optional(Wrap),
      newAccountState: Type.Optional(Sealed),
      ifSeq: Type.Optional(Counter),
    },
    { additionalProperties: false },
  ),
  success: { status: 200, body: Type.Object({ seq: Nullable(Counter) }) },
  refusals: [
    'invalid-token',
    'insufficient-permission',
    'current-key-wrong',
    'registration-refused',
    'conflict',
  ],
});
