/**
 * @file The configuration: one frozen value, read from the environment once. Whatever is wrong or missing
 * is named before the server listens, all of it in one message and none of it with its value.
 */
import { canonicalLogin, isReservedLogin } from '@zkvault/contract';
import type { DatabaseLocation } from './db/connect.ts';
import { type Environment, type EnvironmentReader, readEnvironment } from './lib/environment.ts';
import type { RingKey } from './lib/key-ring.ts';
import * as parse from './lib/parse-setting.ts';
import { type RateLimits, readRateLimits } from './lib/rate-limit/rate-limits.ts';

/** Everything an operator can decide. */
export interface Config {
  readonly environment: 'development' | 'production';
  /** The address to listen on. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly database: DatabaseLocation;
  /** Where the embedded database and the secrets made in development are kept. */
  readonly dataDirectory: string;
  /** Secrets of the access tokens, newest first. Undefined in development: one is made and kept. */
  readonly jwtSecrets: readonly string[] | undefined;
  readonly jwtIssuer: string;
  readonly jwtAudience: string;
  /** The key ring, newest first. Undefined in development: one is made and kept. */
  readonly serverKeys: readonly RingKey[] | undefined;
  readonly accessTokenTtlSeconds: number;
  readonly refreshTokenTtlSeconds: number;
  readonly maxFailedLogins: number;
  readonly lockoutMinutes: number;
  /** How many steps before and after the present one a one-time password may be of: 0, or 1. */
  readonly totpWindow: number;
  readonly rateLimits: RateLimits;
  /** A Redis or Valkey in which several servers count together; undefined counts in this process. */
  readonly redisUrl: string | undefined;
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'console';
  /** Origins whose pages may call the API; none by default. */
  readonly corsOrigins: readonly string[];
  /** Host names the server answers for; undefined is any. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Proxies whose `X-Forwarded-*` is believed: hops, or addresses and ranges; false is none. */
  readonly trustProxy: number | string[] | false;
  /** False only in development: the refresh cookie then also works over plain HTTP, under another name. */
  readonly secureCookies: boolean;
  readonly apiDocs: 'public' | 'off';
  /** With `invitation`, nobody can register by themselves. An administrator's setting goes before it. */
  readonly registration: 'open' | 'invitation';
  /** Canonical login of the account that becomes administrator while there is none. */
  readonly adminLogin: string | undefined;
}

/** pino's levels. */
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

const LOG_LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];
const MINUTE = 60;
const DAY = 86_400;

/**
 * Reads the configuration.
 *
 * @param environment `process.env` or a record like it; `NAME_FILE` names a file that holds `NAME`.
 * @throws {ConfigError} naming everything that is wrong or missing.
 */
export function loadConfig(environment: Environment): Config {
  const env = readEnvironment(environment);
  const mode = env.read<Config['environment'], Config['environment']>(
    {
      name: 'ENVIRONMENT',
      wish: 'must be development or production',
      parse: parse.oneOf(['development', 'production']),
    },
    'development',
  );
  const production = mode === 'production';
  const dataDirectory = env.read(
    { name: 'ZKVAULT_DATA_DIR', wish: 'must be the path of a directory', parse: parse.anyText },
    './data',
  );
  const config: Config = {
    environment: mode,
    dataDirectory,
    database: readDatabase(env, dataDirectory),
    ...readNetwork(env),
    ...readSecrets(env, production),
    ...readLifetimes(env),
    rateLimits: readRateLimits(env),
    redisUrl: env.read(
      { name: 'REDIS_URL', wish: 'must be a redis:// or rediss:// URL', parse: parse.redisUrl },
      undefined,
    ),
    ...readSurface(env, production),
  };
  env.finish();
  return Object.freeze(config);
}

function readDatabase(env: EnvironmentReader, dataDirectory: string): DatabaseLocation {
  const url = env.read(
    {
      name: 'DATABASE_URL',
      wish: 'must be a postgresql:// URL; without it the embedded database is used',
      parse: parse.postgresUrl,
    },
    undefined,
  );
  return url === undefined ? { kind: 'pglite', dataDirectory } : { kind: 'postgres', url };
}

function readNetwork(
  env: EnvironmentReader,
): Pick<Config, 'host' | 'port' | 'corsOrigins' | 'allowedHosts' | 'trustProxy'> {
  return {
    host: env.read(
      { name: 'HOST', wish: 'must be an address or host name to listen on', parse: parseListenHost },
      '127.0.0.1',
    ),
    port: env.read(
      { name: 'PORT', wish: 'must be a port from 0 to 65535', parse: parse.integerBetween(0, 65_535) },
      4_000,
    ),
    corsOrigins: env.read(
      {
        name: 'CORS_ORIGINS',
        wish: 'must be origins such as https://vault.example.com, separated by commas',
        parse: parse.listOf(parse.origin),
      },
      [],
    ),
    allowedHosts: env.read(
      {
        name: 'ALLOWED_HOSTS',
        wish: 'must be host names without ports, separated by commas',
        parse: parse.listOf(parse.hostName),
      },
      undefined,
    ),
    trustProxy: env.read(
      {
        name: 'TRUST_PROXY',
        wish: 'must be a number of hops (1 to 16), or addresses and CIDR ranges separated by commas',
        parse: parse.trustedProxies,
      },
      false,
    ),
  };
}

function parseListenHost(text: string): string | undefined {
  return parse.hostName(text) ?? (/^[0-9a-f:.]{2,45}$/i.test(text) ? text : undefined);
}

function readSecrets(
  env: EnvironmentReader,
  production: boolean,
): Pick<Config, 'jwtSecrets' | 'serverKeys' | 'jwtIssuer' | 'jwtAudience'> {
  const absent = Symbol('absent');
  const jwtWish =
    'must be one or several secrets separated by commas, each of 32 or more characters and no placeholder';
  const jwtSecrets = env.read(
    {
      name: 'JWT_SECRET',
      alias: { name: 'JWT_SECRET_KEY' },
      wish: jwtWish,
      parse: parse.listOf(parseSecret),
    },
    absent,
  );
  const keysWish =
    'must be one or several id:key separated by commas, newest first, each key 32 random bytes in base64url';
  const serverKeys = env.read({ name: 'SERVER_KEYS', wish: keysWish, parse: parseServerKeys }, absent);
  if (production && jwtSecrets === absent && !env.hasRefused('JWT_SECRET'))
    env.refuse(`JWT_SECRET: is missing; it ${jwtWish}`);
  if (production && serverKeys === absent && !env.hasRefused('SERVER_KEYS'))
    env.refuse(`SERVER_KEYS: is missing; it ${keysWish}`);
  return {
    jwtSecrets: jwtSecrets === absent ? undefined : jwtSecrets,
    serverKeys: serverKeys === absent ? undefined : serverKeys,
    jwtIssuer: env.read({ name: 'JWT_ISSUER', wish: 'must be text', parse: parse.anyText }, 'zkvault'),
    jwtAudience: env.read(
      { name: 'JWT_AUDIENCE', wish: 'must be text', parse: parse.anyText },
      'zkvault-clients',
    ),
  };
}

const PLACEHOLDER =
  /change.?(?:me|this|it)|place.?holder|replace|your.{0,20}(?:secret|key)|(?:super|my|jwt|top).?secret|example|insecure|dummy|sample|0123456789/i;

/** A secret text: long, varied, and none that stands in a manual. */
function parseSecret(text: string): string | undefined {
  return text.length >= 32 && new Set(text).size >= 10 && !PLACEHOLDER.test(text) ? text : undefined;
}

function parseServerKeys(text: string): readonly RingKey[] | undefined {
  const keys = parse.listOf(parseRingKey)(text);
  if (keys === undefined || new Set(keys.map(({ id }) => id)).size !== keys.length) return undefined;
  return keys;
}

function parseRingKey(text: string): RingKey | undefined {
  const [, id, encoded] = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9_-]{43})$/.exec(text) ?? [];
  if (id === undefined || encoded === undefined) return undefined;
  const secret = new Uint8Array(Buffer.from(encoded, 'base64url'));
  // 32 bytes that repeat one another are a placeholder, not a key.
  return new Set(secret).size >= 8 ? { id, secret } : undefined;
}

function readLifetimes(
  env: EnvironmentReader,
): Pick<
  Config,
  'accessTokenTtlSeconds' | 'refreshTokenTtlSeconds' | 'maxFailedLogins' | 'lockoutMinutes' | 'totpWindow'
> {
  return {
    accessTokenTtlSeconds: env.read(
      {
        name: 'ACCESS_TOKEN_EXPIRES_IN',
        alias: { name: 'ACCESS_TOKEN_EXPIRE_MINUTES', unit: 'm' },
        wish: 'must be a duration such as 15m (s, m, h or d), from 10s to 1d',
        parse: parse.durationBetween(10, DAY),
      },
      15 * MINUTE,
    ),
    refreshTokenTtlSeconds: env.read(
      {
        name: 'REFRESH_TOKEN_EXPIRES_IN',
        alias: { name: 'REFRESH_TOKEN_EXPIRE_DAYS', unit: 'd' },
        wish: 'must be a duration such as 7d (s, m, h or d), from 1m to 365d',
        parse: parse.durationBetween(MINUTE, 365 * DAY),
      },
      7 * DAY,
    ),
    maxFailedLogins: env.read(
      {
        name: 'MAX_FAILED_LOGINS',
        alias: { name: 'MAX_LOGIN_ATTEMPTS' },
        wish: 'must be a number from 1 to 100',
        parse: parse.integerBetween(1, 100),
      },
      5,
    ),
    totpWindow: env.read(
      { name: 'TOTP_WINDOW', wish: 'must be 0 or 1', parse: parse.integerBetween(0, 1) },
      0,
    ),
    lockoutMinutes: env.read(
      {
        name: 'LOCKOUT_MINUTES',
        alias: { name: 'ACCOUNT_LOCKOUT_MINUTES' },
        wish: 'must be a number from 1 to 1440',
        parse: parse.integerBetween(1, 1_440),
      },
      15,
    ),
  };
}

function parseLogin(text: string): string | undefined {
  const login = canonicalLogin(text);
  return login === undefined || isReservedLogin(login) ? undefined : login;
}

function readSurface(
  env: EnvironmentReader,
  production: boolean,
): Pick<Config, 'logLevel' | 'logFormat' | 'secureCookies' | 'apiDocs' | 'registration' | 'adminLogin'> {
  const secureCookies = env.read(
    { name: 'SECURE_COOKIES', wish: 'must be true or false', parse: parse.boolean },
    true,
  );
  if (production && !secureCookies) env.refuse('SECURE_COOKIES: cannot be false in production');
  return {
    secureCookies,
    logLevel: env.read(
      { name: 'LOG_LEVEL', wish: `must be one of ${LOG_LEVELS.join(', ')}`, parse: parse.oneOf(LOG_LEVELS) },
      'info',
    ),
    logFormat: env.read(
      { name: 'LOG_FORMAT', wish: 'must be json or console', parse: parse.oneOf(['json', 'console']) },
      production ? 'json' : 'console',
    ),
    apiDocs: env.read(
      { name: 'API_DOCS', wish: 'must be public or off', parse: parse.oneOf(['public', 'off']) },
      production ? 'off' : 'public',
    ),
    adminLogin: env.read(
      {
        name: 'ADMIN_LOGIN',
        wish: 'must be an e-mail address or a user name that can be registered',
        parse: parseLogin,
      },
      undefined,
    ),
    registration: env.read(
      {
        name: 'REGISTRATION',
        wish: 'must be open or invitation',
        parse: parse.oneOf(['open', 'invitation']),
      },
      'open',
    ),
  };
}
