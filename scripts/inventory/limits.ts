/** @file Every bound that a caller or an operator can meet: constants of the source, found by their names. */
import { globSync, readFileSync } from 'node:fs';
import ts from 'typescript';

/** What each constant bounds. */
const MEANINGS: Readonly<Record<string, string>> = {
  DEFAULT_BODY_LIMIT_BYTES: 'a body, where the route says nothing else',
  JSON_MAX_DEPTH: 'depth of JSON',
  COMMIT_LIMITS: 'a commit',
  CHANGES_LIMITS: 'a page of changes',
  VAULTS_PER_ACCOUNT: 'vaults of an account',
  ENTRY_HISTORY_LIMIT: 'kept versions of an entry',
  USERS_PAGE_LIMITS: 'a page of accounts',
  STAGING_LIMITS: 'a batch of a rotation',
  STAGING_HOURS: 'hours that an unfinished rotation is kept',
  ENVELOPE_BYTES: 'an envelope',
  SMALL_ENVELOPE_BYTES: 'a wrapped key, an account state',
  API_KEYS_PER_ACCOUNT: 'API keys of an account',
  API_KEY_OVERLAP_SECONDS: 'seconds that a replaced API key goes on',
  API_KEY_RATE_LIMIT: 'requests that an API key’s own limit may allow',
  AUDIT_PAGE_LIMITS: 'a page of audit events',
  EVENT_STREAM_LIMITS: 'streams of events',
  EVENT_STREAM_HEARTBEAT_SECONDS: 'seconds between signs of life of a stream',
  INVITATION_HOURS: 'hours that an invitation is good',
  IDEMPOTENCY_KEY: 'an idempotency key, and how long it is remembered',
  RECOVERY_SECONDS: 'seconds that a recovery that was begun may take',
  PAGE_LIMITS: 'a page of anything else',
  LOGIN_MAX_LENGTH: 'characters of a login',
  PASSWORD_BYTES: 'bytes of a password, after NFKC, on the device',
  HTTP_TIMEOUTS: 'milliseconds of HTTP: how often connections are looked at, headers, a whole request',
  POOL: 'connections to PostgreSQL of one server, and milliseconds for a connection, a statement, a lock, an idle transaction',
  LOGIN_ALONE_FACTOR: 'times the failed logins of one network that lock a login from everywhere',
  RECOVERY_CODE_COUNT: 'recovery codes of a second factor',
  TOTP_STEP_SECONDS: 'seconds of a one-time password',
  TOTP_DIGITS: 'digits of a one-time password',
  MAX_TOKEN_LENGTH: 'characters of an access token',
  RETRY_SECONDS: 'seconds in which a lost refresh may be asked for again with its key',
};

/** Rows of a table: meaning, value, file and name. @throws {Error} a constant that is not there any more. */
export function limits(root: string): readonly (readonly string[])[] {
  const found = new Map<string, readonly string[]>();
  for (const path of globSync('{packages/contract,packages/crypto-core,apps/server}/src/**/*.ts', {
    cwd: root,
  }).toSorted()) {
    if (path.endsWith('.test.ts')) continue;
    const file = ts.createSourceFile(path, readFileSync(root + path, 'utf8'), ts.ScriptTarget.Latest, false);
    for (const statement of file.statements.filter(ts.isVariableStatement))
      for (const { name, initializer } of statement.declarationList.declarations) {
        const meaning = ts.isIdentifier(name) ? MEANINGS[name.text] : undefined;
        if (meaning === undefined || initializer === undefined || !ts.isIdentifier(name)) continue;
        const value = initializer
          .getText(file)
          .replace(/ as const$/, '')
          .replaceAll(/\s+/g, ' ');
        found.set(name.text, [meaning, `\`${value}\``, `${path} (${name.text})`]);
      }
  }
  const missing = Object.keys(MEANINGS).filter((name) => !found.has(name));
  if (missing.length > 0) throw new Error(`no constant has the name ${missing.join(', ')}`);
  return Object.keys(MEANINGS).map((name) => found.get(name) ?? []);
}
