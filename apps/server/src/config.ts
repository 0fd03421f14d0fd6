/**
 * @file The configuration: one frozen value, read from the environment once. Whatever is wrong or missing
 * is named before the server listens, all of it in one message and none of it with its value.
 */
import { type LifetimeSettings, readLifetimes } from './config/lifetimes.ts';
import { type NetworkSettings, readNetwork } from './config/network.ts';
import { type OperationsSettings, readOperations } from './config/operations.ts';
import { readSurface, type SurfaceSettings } from './config/surface.ts';
import type { DatabaseLocation } from './db/connect.ts';
import {
  type Environment,
  type EnvironmentReader,
  readEnvironment,
  recordVariables,
  type Variable,
} from './lib/environment.ts';
import { KEY_PROVIDER_KINDS, readKeyProvider } from './lib/key-provider/read-key-provider.ts';
import { readServerKeys, type ServerKeys } from './lib/key-provider/read-server-keys.ts';
import * as parse from './lib/parse-setting.ts';
import { type RateLimits, readRateLimits } from './lib/rate-limit/rate-limits.ts';

/** Everything an operator can decide. */
export interface Config
  extends ServerKeys,
    NetworkSettings,
    LifetimeSettings,
    SurfaceSettings,
    OperationsSettings {
  readonly environment: 'development' | 'production';
  readonly database: DatabaseLocation;
  /** Where the embedded database and the secrets made in development are kept. */
  readonly dataDirectory: string;
  /** Secrets of the access tokens, newest first. Undefined in development: one is made and kept. */
  readonly jwtSecrets: readonly string[] | undefined;
  readonly jwtIssuer: string;
  readonly jwtAudience: string;
  readonly rateLimits: RateLimits;
  /** A Redis or Valkey in which several servers count together; undefined counts in this process. */
  readonly redisUrl: string | undefined;
}

/**
 * Reads the configuration.
 *
 * @param environment `process.env` or a record like it; `NAME_FILE` names a file that holds `NAME`.
 * @throws {ConfigError} naming everything that is wrong or missing.
 */
export function loadConfig(environment: Environment): Config {
  const env = readEnvironment(environment);
  const config = readConfig(env);
  env.finish();
  return Object.freeze(config);
}

/** Every variable that {@link loadConfig} reads, in its order, with the other name that some have. */
export function listVariables(): readonly Variable[] {
  const recorder = recordVariables();
  readConfig(recorder.reader);
  return recorder.variables;
}

/** The variables of the key providers, which are read only where one of them is named. */
export function listProviderVariables(): readonly Variable[] {
  const recorder = recordVariables();
  for (const kind of KEY_PROVIDER_KINDS) readKeyProvider(recorder.reader, kind);
  return recorder.variables;
}

function readConfig(env: EnvironmentReader): Config {
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
  return {
    environment: mode,
    dataDirectory,
    database: readDatabase(env, dataDirectory),
    ...readNetwork(env),
    ...readSecrets(env, production),
    ...readServerKeys(env, production),
    ...readLifetimes(env),
    rateLimits: readRateLimits(env),
    redisUrl: env.read(
      { name: 'REDIS_URL', wish: 'must be a redis:// or rediss:// URL', parse: parse.redisUrl },
      undefined,
    ),
    ...readSurface(env, production),
    ...readOperations(env),
  };
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

function readSecrets(
  env: EnvironmentReader,
  production: boolean,
): Pick<Config, 'jwtSecrets' | 'jwtIssuer' | 'jwtAudience'> {
  const absent = Symbol('absent');
  const jwtWish =
    'must be one or several secrets separated by commas, each of 32 or more characters and no placeholder';
  const jwtSecrets = env.read(
    {
      name: 'JWT_SECRET',
      alias: { name: 'JWT_SECRET_KEY' },
      wish: jwtWish,
      parse: parse.listOf(parse.secretText),
    },
    absent,
  );
  env.read(
    { name: 'JWT_ALGORITHM', wish: 'must be HS256, the only one there is', parse: parse.oneOf(['HS256']) },
    'HS256',
  );
  if (production && jwtSecrets === absent && !env.hasRefused('JWT_SECRET'))
    env.refuse(`JWT_SECRET: is missing; it ${jwtWish}`);
  return {
    jwtSecrets: jwtSecrets === absent ? undefined : jwtSecrets,
    jwtIssuer: env.read({ name: 'JWT_ISSUER', wish: 'must be text', parse: parse.anyText }, 'zkvault'),
    jwtAudience: env.read(
      { name: 'JWT_AUDIENCE', wish: 'must be text', parse: parse.anyText },
      'zkvault-clients',
    ),
  };
}
