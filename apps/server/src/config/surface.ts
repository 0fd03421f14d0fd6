/** @file What the server shows of itself, to callers and in its log, and who may register. */
import { canonicalLogin, isReservedLogin } from '@zkvault/contract';
import type { EnvironmentReader } from '../lib/environment.ts';
import * as parse from '../lib/parse-setting.ts';

/** What the server shows of itself. */
export interface SurfaceSettings {
  /** What pages call this server. */
  readonly appName: string;
  /** What `/health` and the pages tell as version; undefined tells the program's own. */
  readonly appVersion: string | undefined;
  /** True only in development: problems explain themselves, and the log says more. */
  readonly debug: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'console';
  /** How much of a caller's address is logged. */
  readonly logIp: LogIp;
  /** False only in development: the refresh cookie then also works over plain HTTP, under another name. */
  readonly secureCookies: boolean;
  /** Who may read `/docs`, `/redoc` and `/openapi.json`. */
  readonly apiDocs: 'off' | 'admin' | 'public';
  /** With `invitation`, nobody can register by themselves. An administrator's setting goes before it. */
  readonly registration: 'open' | 'invitation';
  /** Canonical login of the account that becomes administrator while there is none. */
  readonly adminLogin: string | undefined;
}

/** pino's levels. */
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** How much of an address is logged: all of it, its network (`/24`, `/48`), or nothing. */
export type LogIp = 'full' | 'truncated' | 'none';

const LOG_LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** Reads it; what is wrong is noted with the reader. */
export function readSurface(env: EnvironmentReader, production: boolean): SurfaceSettings {
  const secureCookies = env.read(
    { name: 'SECURE_COOKIES', wish: 'must be true or false', parse: parse.boolean },
    true,
  );
  if (production && !secureCookies) env.refuse('SECURE_COOKIES: cannot be false in production');
  const debug = env.read({ name: 'DEBUG', wish: 'must be true or false', parse: parse.boolean }, false);
  if (production && debug) env.refuse('DEBUG: cannot be true in production');
  return {
    secureCookies,
    debug,
    appName: env.read(
      {
        name: 'APP_NAME',
        wish: 'must be 1 to 64 letters, digits, spaces, dots, hyphens or underscores',
        parse: parse.plainName,
      },
      'zkvault',
    ),
    appVersion: env.read(
      {
        name: 'APP_VERSION',
        wish: 'must be 1 to 64 letters, digits, dots, hyphens, plus signs or underscores',
        parse: parse.versionName,
      },
      undefined,
    ),
    logLevel: env.read(
      { name: 'LOG_LEVEL', wish: `must be one of ${LOG_LEVELS.join(', ')}`, parse: parse.oneOf(LOG_LEVELS) },
      debug ? 'debug' : 'info',
    ),
    logIp: env.read(
      {
        name: 'LOG_IP',
        wish: 'must be full, truncated or none',
        parse: parse.oneOf(['full', 'truncated', 'none']),
      },
      'truncated',
    ),
    logFormat: env.read(
      { name: 'LOG_FORMAT', wish: 'must be json or console', parse: parse.oneOf(['json', 'console']) },
      production ? 'json' : 'console',
    ),
    apiDocs: env.read(
      {
        name: 'API_DOCS',
        wish: 'must be off, admin or public',
        parse: parse.oneOf(['off', 'admin', 'public']),
      },
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

function parseLogin(text: string): string | undefined {
  const login = canonicalLogin(text);
  return login === undefined || isReservedLogin(login) ? undefined : login;
}
