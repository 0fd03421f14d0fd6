import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Config, listVariables, loadConfig } from './config.ts';
import { ConfigError, type Environment } from './lib/environment.ts';

const secret = randomBytes(32).toString('hex');
const key = `k1:${randomBytes(32).toString('base64url')}`;
const directory = mkdtempSync(join(tmpdir(), 'zkvault-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

function problemsOf(environment: Environment): readonly string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('of an empty environment is a development server on this machine', () => {
    const config = loadConfig({});

    expect(config).toEqual({
      environment: 'development',
      host: '127.0.0.1',
      port: 4000,
      database: { kind: 'pglite', dataDirectory: './data' },
      dataDirectory: './data',
      jwtSecrets: undefined,
      jwtIssuer: 'zkvault',
      jwtAudience: 'zkvault-clients',
      serverKeys: undefined,
      wrappedServerKeys: undefined,
      accessTokenTtlSeconds: 900,
      refreshTokenTtlSeconds: 604_800,
      sessionTtlSeconds: 7_776_000,
      maxFailedLogins: 5,
      lockoutMinutes: 15,
      totpWindow: 0,
      verifierCost: { memoryKib: 19_456, iterations: 2, parallelism: 1, hashBytes: 32, saltBytes: 16 },
      rateLimits: {
        default: { limit: 60, windowSeconds: 60 },
        session: { limit: 600, windowSeconds: 60 },
        apiKey: { limit: 600, windowSeconds: 60 },
        login: { limit: 5, windowSeconds: 60 },
        register: { limit: 3, windowSeconds: 60 },
        refresh: { limit: 10, windowSeconds: 60 },
      },
      redisUrl: undefined,
      logLevel: 'info',
      logFormat: 'console',
      logIp: 'truncated',
      corsOrigins: [],
      cors: {
        allowCredentials: true,
        allowMethods: ['GET', 'POST', 'PUT', 'DELETE'],
        allowHeaders: [
          'authorization',
          'content-type',
          'idempotency-key',
          'if-match',
          'last-event-id',
          'x-api-key',
          'x-request-id',
        ],
      },
      allowedHosts: undefined,
      trustProxy: false,
      secureCookies: true,
      apiDocs: 'public',
      registration: 'open',
      adminLogin: undefined,
      appName: 'zkvault',
      appVersion: undefined,
      debug: false,
      metrics: { token: undefined, port: undefined, host: '127.0.0.1' },
      pressure: { maxEventLoopDelayMs: 1_000, maxEventLoopPercent: 'off', maxHeapPercent: 90 },
      shutdownDelaySeconds: 0,
      shutdownTimeoutSeconds: 10,
    } satisfies Config);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('of production needs its secrets, logs JSON and hides the documentation', () => {
    const config = loadConfig({ ENVIRONMENT: 'production', JWT_SECRET: secret, SERVER_KEYS: key });

    expect(config).toMatchObject({ logFormat: 'json', apiDocs: 'off', jwtSecrets: [secret] });
    expect(config.serverKeys?.[0]?.secret).toHaveLength(32);
    expect(problemsOf({ ENVIRONMENT: 'production' }).map((text) => text.split(':')[0])).toEqual([
      'JWT_SECRET',
      'SERVER_KEYS',
    ]);
  });

  it('names everything that is wrong in one message, and no value', () => {
    const environment = {
      ENVIRONMENT: 'prod-canary',
      PORT: '70000',
      HOST: 'a b',
      DATABASE_URL: 'mysql://canary',
      JWT_SECRET: 'canary',
      SERVER_KEYS: 'canary',
      SERVER_KEYS_PROVIDER: 'canary',
      SERVER_KEYS_WRAPPED: 'canary',
      ACCESS_TOKEN_EXPIRES_IN: '15',
      REFRESH_TOKEN_EXPIRES_IN: '0d',
      SESSION_EXPIRES_IN: '1s',
      MAX_FAILED_LOGINS: '0',
      LOCKOUT_MINUTES: 'x',
      RATE_LIMIT_PER_MINUTE: '60/minute',
      SESSION_RATE_LIMIT: '-1/minute',
      API_KEY_RATE_LIMIT: '600 per minute',
      LOGIN_RATE_LIMIT: '5',
      REGISTER_RATE_LIMIT: '3/day',
      REFRESH_RATE_LIMIT: '0/minute',
      REDIS_URL: 'http://canary',
      LOG_LEVEL: 'loud',
      LOG_FORMAT: 'xml',
      CORS_ORIGINS: '*',
      ALLOWED_HOSTS: 'a:1',
      TRUST_PROXY: 'yes',
      API_DOCS: 'on',
      REGISTRATION: 'closed',
      ADMIN_LOGIN: 'root',
      SECURE_COOKIES: 'maybe',
      JWT_ISSUER: ' ',
      JWT_AUDIENCE: ' ',
      ZKVAULT_DATA_DIR: ' ',
      JWT_ALGORITHM: 'RS256',
      TOTP_WINDOW: '2',
      ARGON2_MEMORY_COST: '19455',
      ARGON2_TIME_COST: '1',
      ARGON2_PARALLELISM: '0',
      ARGON2_HASH_LENGTH: '31',
      ARGON2_SALT_LENGTH: '15',
      CORS_ALLOW_CREDENTIALS: 'yes',
      CORS_ALLOW_METHODS: 'TRACE',
      CORS_ALLOW_HEADERS: '*',
      APP_NAME: '<canary>',
      APP_VERSION: 'a b',
      DEBUG: '1',
      LOG_IP: 'half',
      METRICS_TOKEN: 'canary',
      METRICS_PORT: '65536',
      METRICS_HOST: 'a b',
      MAX_EVENT_LOOP_DELAY_MS: '0',
      MAX_EVENT_LOOP_PERCENT: '101',
      MAX_HEAP_PERCENT: '0',
      SHUTDOWN_DELAY: '601s',
      SHUTDOWN_TIMEOUT: 'soon',
    };

    const problems = problemsOf(environment);

    // None is left out: what is added to the configuration is added here.
    expect(new Set(Object.keys(environment))).toEqual(new Set(listVariables().map(({ name }) => name)));

    expect(new Set(problems.map((text) => text.split(':')[0]))).toEqual(new Set(Object.keys(environment)));
    expect(problems.join()).not.toContain('canary');
  });

  it.for([
    ['1/second', { limit: 1, windowSeconds: 1 }],
    ['1000000/minute', { limit: 1_000_000, windowSeconds: 60 }],
    ['20/hour', { limit: 20, windowSeconds: 3_600 }],
    ['off', 'off'],
    ['0', 'off'],
  ] as const)('takes a rate limit of %s', ([text, limit]) => {
    expect(loadConfig({ LOGIN_RATE_LIMIT: text }).rateLimits.login).toEqual(limit);
  });

  it.for(['1000001/minute', '5/Minute', '5 / minute', '5/minutes', '1e3/minute', 'Off', 'false'])(
    'refuses a rate limit of %s',
    (LOGIN_RATE_LIMIT) => {
      expect(problemsOf({ LOGIN_RATE_LIMIT })).toHaveLength(1);
    },
  );

  it.for([
    ['1', { limit: 1, windowSeconds: 60 }],
    ['off', 'off'],
    ['0', 'off'],
  ] as const)('takes %s requests per minute', ([RATE_LIMIT_PER_MINUTE, limit]) => {
    expect(loadConfig({ RATE_LIMIT_PER_MINUTE }).rateLimits.default).toEqual(limit);
  });

  it.for([
    ['too short', 'x'.repeat(31)],
    ['one letter', 'x'.repeat(64)],
    ['a placeholder', 'change-me-to-something-long-and-random'],
    ['a placeholder of a manual', 'your-super-secret-jwt-key-goes-right-here'],
    ['one of two too short', `${secret},short`],
  ] as const)('refuses a JWT_SECRET that is %s', ([, JWT_SECRET]) => {
    expect(problemsOf({ JWT_SECRET })).toHaveLength(1);
  });

  it.for([
    ['without an id', key.slice(3)],
    ['of 31 bytes', `a:${randomBytes(31).toString('base64url')}`],
    ['of zeros', `a:${Buffer.alloc(32).toString('base64url')}`],
    ['with an id twice', `${key},${key}`],
  ] as const)('refuses SERVER_KEYS %s', ([, SERVER_KEYS]) => {
    expect(problemsOf({ SERVER_KEYS })).toHaveLength(1);
  });

  it('takes the first administrator in any spelling of the login', () => {
    expect(loadConfig({ ADMIN_LOGIN: ' Ada@Example.COM ' }).adminLogin).toBe('ada@example.com');
    expect(problemsOf({ ADMIN_LOGIN: 'no login!' })).toHaveLength(1);
  });

  it('reads NAME_FILE from a file, but not beside NAME', () => {
    const file = join(directory, 'secret');
    writeFileSync(file, `${secret}\n`);

    expect(loadConfig({ JWT_SECRET_FILE: file }).jwtSecrets).toEqual([secret]);
    expect(problemsOf({ JWT_SECRET_FILE: file, JWT_SECRET: secret })[0]).toContain('not both');
    expect(
      problemsOf({ JWT_SECRET_FILE: join(directory, 'absent'), ENVIRONMENT: 'production', SERVER_KEYS: key }),
    ).toEqual(['JWT_SECRET_FILE: the file cannot be read (ENOENT)']);
  });

  it('takes the names of other servers for the same settings', () => {
    const config = loadConfig({
      JWT_SECRET_KEY: secret,
      ACCESS_TOKEN_EXPIRE_MINUTES: '5',
      REFRESH_TOKEN_EXPIRE_DAYS: '3',
      MAX_LOGIN_ATTEMPTS: '7',
      ACCOUNT_LOCKOUT_MINUTES: '30',
    });

    expect(config).toMatchObject({
      jwtSecrets: [secret],
      accessTokenTtlSeconds: 300,
      refreshTokenTtlSeconds: 259_200,
      maxFailedLogins: 7,
      lockoutMinutes: 30,
    });
  });

  it('reads lists, durations, proxies and the database', () => {
    const config = loadConfig({
      DATABASE_URL: 'postgresql://u:p@db.example/zkvault',
      CORS_ORIGINS: 'https://a.example, http://localhost:3000',
      ALLOWED_HOSTS: 'Vault.example.com,[::1]',
      TRUST_PROXY: '10.0.0.0/8, ::1',
      ACCESS_TOKEN_EXPIRES_IN: '90s',
      REFRESH_TOKEN_EXPIRES_IN: '12h',
      HOST: '::',
      SECURE_COOKIES: 'false',
      PORT: '',
    });

    expect(config).toMatchObject({
      database: { kind: 'postgres' },
      corsOrigins: ['https://a.example', 'http://localhost:3000'],
      allowedHosts: ['vault.example.com', '[::1]'],
      trustProxy: ['10.0.0.0/8', '::1'],
      accessTokenTtlSeconds: 90,
      refreshTokenTtlSeconds: 43_200,
      secureCookies: false,
      port: 4000,
    });
    expect(loadConfig({ TRUST_PROXY: '2' }).trustProxy).toBe(2);
  });

  it.for([
    '*',
    'https://a.example/',
    'a.example',
    'ftp://a.example',
    'https://a.example/x',
    'https://A.example',
  ])('refuses %s among CORS_ORIGINS', (CORS_ORIGINS) => {
    expect(problemsOf({ CORS_ORIGINS })).toHaveLength(1);
  });

  it('refuses two names of one setting that say different things, and takes them when they agree', () => {
    expect(problemsOf({ JWT_SECRET: secret, JWT_SECRET_KEY: `${secret}x` })).toEqual([
      'JWT_SECRET: differs from JWT_SECRET_KEY; give one of the two',
    ]);
    expect(problemsOf({ ACCESS_TOKEN_EXPIRES_IN: '15m', ACCESS_TOKEN_EXPIRE_MINUTES: '16' })).toHaveLength(1);
    expect(problemsOf({ MAX_FAILED_LOGINS: '6', MAX_LOGIN_ATTEMPTS: 'x' })).toHaveLength(1);
    expect(
      loadConfig({ ACCESS_TOKEN_EXPIRES_IN: '900s', ACCESS_TOKEN_EXPIRE_MINUTES: '15' })
        .accessTokenTtlSeconds,
    ).toBe(900);
  });

  it('lets a verifier cost more than the least, never less', () => {
    const cost = { ARGON2_MEMORY_COST: '65536', ARGON2_TIME_COST: '3', ARGON2_PARALLELISM: '4' };

    expect(loadConfig({ ...cost, ARGON2_HASH_LENGTH: '64', ARGON2_SALT_LENGTH: '64' }).verifierCost).toEqual({
      memoryKib: 65_536,
      iterations: 3,
      parallelism: 4,
      hashBytes: 64,
      saltBytes: 64,
    });
  });

  it('reads what pages of other origins may do', () => {
    const config = loadConfig({
      CORS_ALLOW_CREDENTIALS: 'false',
      CORS_ALLOW_METHODS: 'GET, POST',
      CORS_ALLOW_HEADERS: 'Authorization,X-Mine',
    });

    expect(config.cors).toEqual({
      allowCredentials: false,
      allowMethods: ['GET', 'POST'],
      allowHeaders: ['authorization', 'x-mine'],
    });
  });

  it('shows metrics to other machines only with a token', () => {
    const token = randomBytes(24).toString('base64url');
    const open = { METRICS_PORT: '9464', METRICS_HOST: '0.0.0.0' };

    expect(problemsOf(open)).toEqual([
      'METRICS_HOST: is reached from other machines; set METRICS_TOKEN as well',
    ]);
    expect(loadConfig({ ...open, METRICS_TOKEN: token }).metrics).toEqual({
      token,
      port: 9_464,
      host: '0.0.0.0',
    });
    expect(loadConfig({ METRICS_PORT: '9464' }).metrics.host).toBe('127.0.0.1');
  });

  it('explains itself only in development', () => {
    expect(loadConfig({ DEBUG: 'true' })).toMatchObject({ debug: true, logLevel: 'debug' });
    expect(
      problemsOf({ ENVIRONMENT: 'production', JWT_SECRET: secret, SERVER_KEYS: key, DEBUG: 'true' }),
    ).toEqual(['DEBUG: cannot be true in production']);
  });

  it('keeps insecure cookies out of production', () => {
    expect(
      problemsOf({
        ENVIRONMENT: 'production',
        JWT_SECRET: secret,
        SERVER_KEYS: key,
        SECURE_COOKIES: 'false',
      }),
    ).toEqual(['SECURE_COOKIES: cannot be false in production']);
  });
});
