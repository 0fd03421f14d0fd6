/** @file The part of doctor's checklist that is about how the server is run: what it shows, keeps and tells. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Config, listProviderVariables, listVariables } from '../config.ts';
import type { Environment } from '../lib/environment.ts';
import { isLoopback } from '../lib/loopback.ts';
import type { RateLimits } from '../lib/rate-limit/rate-limits.ts';
import type { Finding } from './finding.ts';
import { finding } from './finding.ts';

/** What can be said of the configuration alone. */
export function examineOperations(config: Config): readonly Finding[] {
  return [
    config.secureCookies
      ? finding('cookies', 'ok', 'sent over TLS only')
      : finding('cookies', 'bad', 'the refresh cookie goes over plain HTTP; set SECURE_COOKIES=true'),
    examineLog(config),
    config.registration === 'invitation'
      ? finding('registration', 'ok', 'by invitation')
      : finding('registration', 'warning', 'everybody can register, unless an administrator has closed it'),
    examineLimits(config.rateLimits),
    examineMetrics(config),
    ...(config.redisUrl === undefined ? [] : [examineRedis(config.redisUrl)]),
    ...(config.database.kind === 'postgres' ? [examinePassword(config.database.url)] : []),
  ];
}

function examineLog({ logLevel, debug, logFormat }: Config): Finding {
  const check = 'log';
  if (debug) return finding(check, 'bad', 'DEBUG is on');
  if (logLevel === 'silent' || logLevel === 'fatal' || logLevel === 'error')
    return finding(check, 'bad', 'LOG_LEVEL hides what looks like an attack; set info');
  if (logLevel === 'debug' || logLevel === 'trace')
    return finding(check, 'warning', `LOG_LEVEL is ${logLevel}; info is enough`);
  return logFormat === 'json'
    ? finding(check, 'ok', `${logLevel}, as JSON`)
    : finding(check, 'warning', 'is for people; LOG_FORMAT=json is for programs that collect it');
}

function examineLimits(limits: RateLimits): Finding {
  const off = Object.entries(limits).flatMap(([name, limit]) => (limit === 'off' ? [name] : []));
  return off.length === 0
    ? finding('rate limits', 'ok', 'on')
    : finding('rate limits', 'warning', `off: ${off.join(', ')}; something else has to limit`);
}

/** A token that is set has been found long, varied and no placeholder when the configuration was read. */
function examineMetrics({ metrics: { token, port, host } }: Config): Finding {
  const check = 'metrics';
  if (port === undefined && token === undefined)
    return finding(check, 'warning', 'off: nobody notices; set METRICS_PORT or METRICS_TOKEN');
  if (port === undefined) return finding(check, 'ok', 'beside the API, behind a token');
  return isLoopback(host)
    ? finding(check, 'ok', `${host}, for this machine`)
    : finding(check, 'warning', 'the token goes over plain HTTP to METRICS_HOST; keep that network closed');
}

function examineRedis(url: string): Finding {
  const { protocol, hostname } = new URL(url);
  return protocol === 'rediss:' || isLoopback(hostname)
    ? finding('redis', 'ok', 'is reached over TLS, or is on this machine')
    : finding('redis', 'bad', 'is reached over plain TCP; use rediss://');
}

const MIN_PASSWORD_CHARACTERS = 16;

function examinePassword(url: string): Finding {
  const { password, username } = new URL(url);
  const check = 'database password';
  if (password === '') return finding(check, 'ok', 'is not in DATABASE_URL');
  const isWeak =
    password.length < MIN_PASSWORD_CHARACTERS || password === username || new Set(password).size < 8;
  return isWeak
    ? finding(check, 'bad', `is short or simple; use ${MIN_PASSWORD_CHARACTERS} random characters or more`)
    : finding(check, 'ok', 'is long');
}

/** What files say: who can read the data and the secrets. */
export function examineFiles(
  { dataDirectory }: Pick<Config, 'dataDirectory'>,
  env: Environment,
): readonly Finding[] {
  // Other programs have such variables too: SSL_CERT_FILE is for everybody to read.
  const names = [...listVariables(), ...listProviderVariables()].flatMap(({ name, alias }) =>
    alias === undefined ? [name] : [name, alias],
  );
  const open = [...names, 'BACKUP_KEY']
    .map((name) => `${name}_FILE`)
    .filter((name) => isReadByOthers(env[name] ?? ''));
  return [
    examineDirectory(resolve(dataDirectory)),
    open.length === 0
      ? finding('secret files', 'ok', 'nobody else can read them')
      : finding('secret files', 'bad', `everybody on this machine can read ${open.join(', ')}; chmod 600`),
  ];
}

const OTHERS = 0o007;
const ALL_BUT_OWNER = 0o077;

/** Where orchestrators mount secrets, for the one container and of a mode that is theirs. */
const MOUNTED = '/run/secrets/';

function isReadByOthers(file: string): boolean {
  return !resolve(file).startsWith(MOUNTED) && ((modeOf(file) ?? 0) & OTHERS) !== 0;
}

function examineDirectory(directory: string): Finding {
  const check = 'data directory';
  const mode = modeOf(directory);
  if (mode === undefined) return finding(check, 'ok', 'is not there; it is made for its owner only');
  return (mode & ALL_BUT_OWNER) === 0
    ? finding(check, 'ok', 'only its owner can read it')
    : finding(check, 'bad', `others can read ${directory}; chmod 700`);
}

function modeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mode;
}
