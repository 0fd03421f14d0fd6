import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Config, loadConfig } from './config.ts';
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
      accessTokenTtlSeconds: 900,
      refreshTokenTtlSeconds: 604_800,
      maxFailedLogins: 5,
      lockoutMinutes: 15,
      totpWindow: 0,
      rateLimits: {
        default: { limit: 60, windowSeconds: 60 },
        session: { limit: 600, windowSeconds: 60 },
        login: { limit: 5, windowSeconds: 60 },
        register: { limit: 3, windowSeconds: 60 },
        refresh: { limit: 10, windowSeconds: 60 },
      },
      redisUrl: undefined,
      logLevel: 'info',
      logFormat: 'console',
      corsOrigins: [],
      allowedHosts: undefined,
      trustProxy: false,
      secureCookies: true,
      apiDocs: 'public',
      registration: 'open',
      adminLogin: undefined,
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
      ACCESS_TOKEN_EXPIRES_IN: '15',
      REFRESH_TOKEN_EXPIRES_IN: '0d',
      MAX_FAILED_LOGINS: '0',
      LOCKOUT_MINUTES: 'x',
      RATE_LIMIT_PER_MINUTE: '60/minute',
      SESSION_RATE_LIMIT: '-1/minute',
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
    };

    const problems = problemsOf(environment);

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
