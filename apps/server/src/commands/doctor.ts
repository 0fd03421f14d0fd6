/** @file `doctor`: the checklist before a server goes into production. It changes nothing. */
import { type Config, loadConfig } from '../config.ts';
import { type DatabaseFacts, readDatabaseFacts } from '../db/database-facts.ts';
import { migrations } from '../db/migrations/index.ts';
import type { Db } from '../db/schema.ts';
import { assertReady } from '../features/health/service.ts';
import { hasActiveAdministrator } from '../features/users/standing-service.ts';
import { ConfigError } from '../lib/environment.ts';
import { KeyProviderError } from '../lib/key-provider/key-provider.ts';
import { WrappedRingError } from '../lib/key-provider/wrapped-ring.ts';
import { isLoopback } from '../lib/loopback.ts';
import { ServiceError } from '../lib/service-error.ts';
import { keyRingOf } from '../server-secrets.ts';
import { type CommandContext, withDatabase } from './command.ts';
import { examineFiles, examineOperations } from './doctor-operations.ts';
import { type Finding, finding } from './finding.ts';
import { missingKeys, readKeyUses } from './keys-status.ts';

/** Goes through the checklist. @returns 1 if something is bad. */
export async function examine(
  { env, out }: CommandContext,
  { json }: { readonly json: boolean },
): Promise<number> {
  const findings = await findingsOf(env);
  const ok = findings.every(({ status }) => status !== 'bad');
  out(json ? `${JSON.stringify({ ok, findings }, null, 2)}\n` : findings.map(lineOf).join(''));
  return ok ? 0 : 1;
}

function lineOf({ check, status, message }: Finding): string {
  return `${status.padEnd(8)} ${check.padEnd(16)} ${message}\n`;
}

async function findingsOf(env: CommandContext['env']): Promise<readonly Finding[]> {
  const config = readConfig(env);
  if (Array.isArray(config)) return config;
  return [...examineConfig(config), ...examineFiles(config, env), ...(await examineDatabase(config))];
}

/** What can be said of an environment without a database. */
export function findingsOfConfig(env: CommandContext['env']): readonly Finding[] {
  const config = readConfig(env);
  return Array.isArray(config) ? config : examineConfig(config);
}

/** The configuration, or what is wrong with it. */
function readConfig(env: CommandContext['env']): Config | Finding[] {
  try {
    return loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => finding('configuration', 'bad', problem));
  }
}

/** What can be said without a database. */
export function examineConfig(config: Config): readonly Finding[] {
  const local = isLoopback(config.host);
  return [
    config.environment === 'production'
      ? finding('environment', 'ok', 'production')
      : finding('environment', 'bad', 'set ENVIRONMENT=production'),
    // A secret that is set has been found long, varied and no placeholder when the configuration was read.
    config.jwtSecrets !== undefined && (config.serverKeys ?? config.wrappedServerKeys) !== undefined
      ? finding('secrets', 'ok', 'JWT_SECRET and SERVER_KEYS are set')
      : finding('secrets', 'bad', 'set JWT_SECRET and SERVER_KEYS; zkvault-server gen-secret makes them'),
    config.apiDocs !== 'public'
      ? finding('documentation', 'ok', config.apiDocs === 'off' ? '/docs is off' : 'for administrators only')
      : finding('documentation', 'warning', 'everybody can read /docs; set API_DOCS=off'),
    config.allowedHosts === undefined
      ? finding('hosts', 'bad', 'set ALLOWED_HOSTS to the names that the server is reached by')
      : finding('hosts', 'ok', config.allowedHosts.join(', ')),
    examineProxies(config, local),
    config.corsOrigins.every((origin) => origin.startsWith('https:'))
      ? finding('origins', 'ok', config.corsOrigins.join(', ') || 'none')
      : finding('origins', 'bad', 'an origin in CORS_ORIGINS is not https'),
    ...examineOperations(config),
  ];
}

function examineProxies({ trustProxy }: Config, local: boolean): Finding {
  const check = 'proxies';
  if (Array.isArray(trustProxy) && trustProxy.some((range) => range.endsWith('/0')))
    return finding(check, 'bad', 'TRUST_PROXY believes everybody; name the proxies');
  if (typeof trustProxy === 'number' && !local)
    return finding(check, 'warning', 'TRUST_PROXY counts hops: nobody may reach the server but by the proxy');
  if (trustProxy !== false) return finding(check, 'ok', 'addresses of callers are the proxy’s word');
  return finding(
    check,
    'warning',
    'no proxy is trusted: behind one, all callers have its address and share its limits',
  );
}

const CLOCK_TOLERANCE_MS = 2_000;

async function examineDatabase(config: Config): Promise<readonly Finding[]> {
  const { database } = config;
  return withDatabase(config, async (db) => {
    const migrated = await isMigrated(() =>
      assertReady({
        db,
        version: '',
        migrationNames: Object.keys(migrations),
        isOverloaded: () => false,
        isStopping: () => false,
      }),
    );
    const before = Date.now();
    const facts = await readDatabaseFacts(db);
    return [
      ...(database.kind === 'pglite'
        ? [
            finding(
              'database',
              'warning',
              'embedded: one process, no replica; DATABASE_URL names a PostgreSQL',
            ),
          ]
        : [examineTls(database.url, facts), examineRole(facts)]),
      examineClock(facts, before, Date.now()),
      migrated
        ? finding('migrations', 'ok', 'current')
        : finding('migrations', 'bad', 'run zkvault-server migrate, or start the server'),
      ...(migrated ? [await examineAdministrators(db), await examineKeys(db, config)] : []),
    ];
  });
}

async function examineAdministrators(db: Db): Promise<Finding> {
  return (await hasActiveAdministrator(db))
    ? finding('administrator', 'ok', 'there is one')
    : finding('administrator', 'warning', 'there is none; zkvault-server admin LOGIN makes one');
}

/** A provider that does not open the ring keeps the server from starting, so it is asked here as well. */
async function examineKeys(db: Db, config: Config): Promise<Finding> {
  const check = 'keys';
  try {
    const missing = missingKeys(await readKeyUses(db, await keyRingOf(config)));
    return missing.length === 0
      ? finding(check, 'ok', 'the ring has every key that rows depend on')
      : finding(check, 'bad', `the ring lacks ${missing.join(', ')}; see zkvault-server keys status`);
  } catch (error) {
    if (!(error instanceof KeyProviderError || error instanceof WrappedRingError)) throw error;
    return finding(check, 'bad', error.message);
  }
}

async function isMigrated(check: () => Promise<void>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch (error) {
    if (error instanceof ServiceError) return false;
    throw error;
  }
}

/** Encryption alone does not say to whom: without `verify-full` anybody in between can be the database. */
export function examineTls(url: string, facts: Pick<DatabaseFacts, 'is_encrypted'>): Finding {
  const { hostname, searchParams } = new URL(url);
  // The driver takes a host from the query before that of the address; one with a slash is a socket.
  const host = (searchParams.get('host') ?? hostname).replace(/^\[|\]$/g, '');
  const check = 'database TLS';
  if (host === '' || host.startsWith('/') || isLoopback(host))
    return finding(check, 'ok', 'the database is on this machine');
  if (!facts.is_encrypted)
    return finding(check, 'bad', 'not encrypted; add sslmode=verify-full to DATABASE_URL');
  return searchParams.get('sslmode') === 'verify-full'
    ? finding(check, 'ok', 'encrypted, and the certificate is checked')
    : finding(check, 'bad', 'the certificate may not be checked; use sslmode=verify-full in DATABASE_URL');
}

/** What the server's role could do beyond its own tables. */
export function examineRole(facts: Omit<DatabaseFacts, 'now' | 'is_encrypted'>): Finding {
  const powers = [
    ...(facts.is_superuser ? ['superuser'] : []),
    ...(facts.bypasses_row_security ? ['bypassrls'] : []),
    ...(facts.makes_roles ? ['createrole'] : []),
    ...(facts.makes_databases ? ['createdb'] : []),
    ...(facts.replicates ? ['replication'] : []),
    ...facts.powerful_memberships,
    ...(facts.owns_other_tables ? ['tables of somebody else’s'] : []),
    ...(facts.owns_other_databases ? ['other databases'] : []),
  ];
  return powers.length === 0
    ? finding('database role', 'ok', 'has no power beyond its own tables')
    : finding('database role', 'bad', `has ${powers.join(', ')}; give the server a role without`);
}

/** @param before and `after` the local clock around the question, in milliseconds. */
export function examineClock({ now }: Pick<DatabaseFacts, 'now'>, before: number, after: number): Finding {
  const there = now.getTime();
  const apart = Math.max(0, before - there, there - after);
  return apart <= CLOCK_TOLERANCE_MS
    ? finding('clock', 'ok', 'the database’s clock agrees')
    : finding('clock', 'bad', `the database’s clock is ${Math.round(apart / 1_000)} s off; use NTP on both`);
}
