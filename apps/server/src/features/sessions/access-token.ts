/** @file Access tokens: JWTs (RFC 7519) under HS256, for this server only. */
import { createHash, createSecretKey } from 'node:crypto';
import { Role } from '@zkvault/contract';
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose';
import { makeUuid7 } from '../../lib/uuid.ts';
import { makeVerifiedTokens } from './verified-tokens.ts';

/** What an access token says. */
export interface AccessClaims {
  readonly userId: string;
  readonly sessionId: string;
  readonly role: Role;
  /** Seconds since the epoch after which the token is void. */
  readonly expiresAt: number;
}

/** Signs and reads access tokens. */
export interface AccessTokens {
  /** Lifetime of a token. */
  readonly ttlSeconds: number;
  /** @param now the database's time; one clock decides what has expired. */
  sign(claims: Omit<AccessClaims, 'expiresAt'>, now: Date): Promise<string>;
  /**
   * Reads a token. It does not look at the clock: the caller compares `expiresAt` to the database's time.
   *
   * @param token untrusted.
   * @returns undefined if this server did not sign it, or it is no access token.
   */
  read(token: string): Promise<AccessClaims | undefined>;
}

/** How access tokens are made. */
export interface AccessTokenOptions {
  /** HMAC secrets, newest first; the newest signs, all verify. */
  readonly secrets: readonly string[];
  readonly issuer: string;
  readonly audience: string;
  readonly ttlSeconds: number;
}

const MAX_TOKEN_LENGTH = 4_096;
const ALGORITHM = 'HS256';
const REQUIRED_CLAIMS = ['iss', 'aud', 'exp', 'iat', 'sub', 'jti', 'sid', 'role', 'typ'];
/** Three canonical base64url parts: jose would also take other spellings of a valid token. */
const COMPACT =
  /^(?:(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?(?:\.(?!$)|$)){3}$/;

/** Makes the signer and reader of access tokens. What a token says is remembered; see [Note: Verified tokens]. */
export function makeAccessTokens(options: AccessTokenOptions): AccessTokens {
  const { sign, read, ttlSeconds } = makeVerifier(options);
  const verified = makeVerifiedTokens<AccessClaims>();
  return {
    ttlSeconds,
    sign,
    async read(token) {
      if (token.length > MAX_TOKEN_LENGTH) return undefined;
      const known = verified.find(token);
      if (known !== undefined) return known;
      const claims = await read(token);
      if (claims !== undefined) verified.keep(token, claims);
      return claims;
    },
  };
}

function makeVerifier(options: AccessTokenOptions): AccessTokens {
  const { issuer, audience, ttlSeconds } = options;
  // Of key objects jose remembers what WebCrypto made of them; bytes it would import at every token.
  const keys = options.secrets.map((secret) => ({ id: keyId(secret), key: createSecretKey(secret, 'utf8') }));
  const [signer] = keys;
  if (signer === undefined) throw new RangeError('access tokens need a secret');
  return {
    ttlSeconds,
    sign({ userId, sessionId, role }, now) {
      const issuedAt = Math.floor(now.getTime() / 1000);
      return new SignJWT({ sid: sessionId, role, typ: 'access' })
        .setProtectedHeader({ alg: ALGORITHM, kid: signer.id, typ: 'JWT' })
        .setSubject(userId)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + ttlSeconds)
        .setJti(makeUuid7())
        .sign(signer.key);
    },
    async read(token) {
      if (!COMPACT.test(token)) return undefined;
      try {
        const { kid } = decodeProtectedHeader(token);
        const known = keys.find(({ id }) => id === kid);
        if (known === undefined) return undefined;
        const { payload } = await jwtVerify(token, known.key, {
          algorithms: [ALGORITHM],
          issuer,
          audience,
          requiredClaims: REQUIRED_CLAIMS,
          // Expiry is judged by the database's clock, so here every token is young.
          currentDate: new Date(0),
        });
        return accessClaims(payload);
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
        throw error;
      }
    },
  };
}

function accessClaims(payload: Readonly<Record<string, unknown>>): AccessClaims | undefined {
  const { sub, sid, role, typ, exp, jti } = payload;
  if (typ !== 'access' || typeof jti !== 'string' || jti === '' || typeof exp !== 'number') return undefined;
  if (!isUuid(sub) || !isUuid(sid) || !isRole(role)) return undefined;
  return { userId: sub, sessionId: sid, role, expiresAt: exp };
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

const ROLES: ReadonlySet<unknown> = new Set(Role.anyOf.map(({ const: role }) => role));

function isRole(value: unknown): value is Role {
  return ROLES.has(value);
}

/** Names a secret without telling it. */
function keyId(secret: string): string {
  return createHash('sha256')
    .update('zkvault/jwt/kid\0')
    .update(secret, 'utf8')
    .digest('base64url')
    .slice(0, 11);
}
