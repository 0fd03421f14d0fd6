/**
 * @file What the server measures of itself, as Prometheus reads it. A label is a word out of a closed set (a
 * route, a method, a reason); no person, id, address or path that a caller wrote is ever one.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';
import type { EventMeter } from './security-events.ts';

/** One answered request. */
export interface MeasuredRequest {
  /** The route's pattern; `none` where no route matched. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
}

/** What is asked at each reading. */
export interface MetricSources {
  readonly version: string;
  readonly hashing: () => { readonly running: number; readonly waiting: number; readonly refused: number };
  /** Absent where there is no pool. */
  readonly pool?:
    | (() => { readonly open: number; readonly idle: number; readonly waiting: number })
    | undefined;
}

/** Measures, and tells what was measured. */
export interface Metrics extends EventMeter {
  request(request: MeasuredRequest): void;
  /** From now on also tells how many clients listen to events. */
  watchEventClients(count: () => number): void;
  commit(result: 'committed' | 'conflict' | 'refused'): void;
  /** In the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Makes the meters. Each app has its own, so that two in one process do not add up. */
export function makeMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'zkvault_http_request_duration_seconds',
    help: 'Answered requests by route, method and status, and how long they took.',
    labelNames: ['route', 'method', 'status'],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const authentications = counter(registry, 'zkvault_authentications_total', {
    help: 'Logins and other proofs of who somebody is, by what for and result.',
    labelNames: ['action', 'result'],
  });
  const violations = counter(registry, 'zkvault_security_violations_total', {
    help: 'What looked like an attack: lockouts, refresh tokens used twice, API keys sent whole.',
    labelNames: ['what'],
  });
  const commits = counter(registry, 'zkvault_commits_total', {
    help: 'Writes to vaults, by result.',
    labelNames: ['result'],
  });
  for (const result of ['committed', 'conflict', 'refused']) commits.inc({ result }, 0);
  for (const what of ['lockout', 'refresh token reuse', 'api-key-half-exposed']) violations.inc({ what }, 0);
  registerGauges(registry, sources);
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    watchEventClients: (count) =>
      gauge(registry, 'zkvault_event_clients', 'Clients that listen to events.', count),
    request: ({ route, method, status, seconds }) =>
      requests.observe({ route, method, status: String(status) }, seconds),
    commit: (result) => commits.inc({ result }),
    authentication: (action, result) => authentications.inc({ action, result }),
    violation: (what) => violations.inc({ what }),
  };
}

function counter<Label extends string>(
  registry: Registry,
  name: string,
  { help, labelNames }: { readonly help: string; readonly labelNames: Label[] },
): Counter<Label> {
  return new Counter({ name, help, labelNames, registers: [registry] });
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  registry.registerMetric(
    new Gauge({
      name,
      help,
      registers: [],
      collect() {
        this.set(read());
      },
    }),
  );
}

/** What is not counted but looked at when somebody asks. */
function registerGauges(registry: Registry, { version, hashing, pool }: MetricSources): void {
  new Gauge({ name: 'zkvault_info', help: 'Always 1.', labelNames: ['version'], registers: [registry] }).set(
    { version },
    1,
  );
  gauge(registry, 'zkvault_hashing_running', 'Argon2id hashes at work.', () => hashing().running);
  gauge(
    registry,
    'zkvault_hashing_waiting',
    'Argon2id hashes that wait for their turn.',
    () => hashing().waiting,
  );
  let told = 0;
  registry.registerMetric(
    new Counter({
      name: 'zkvault_hashing_refused_total',
      help: 'Argon2id hashes that were turned away.',
      registers: [],
      collect() {
        const { refused } = hashing();
        this.inc(refused - told);
        told = refused;
      },
    }),
  );
  if (pool !== undefined) {
    gauge(registry, 'zkvault_database_connections_open', 'Connections to PostgreSQL.', () => pool().open);
    gauge(registry, 'zkvault_database_connections_idle', 'Connections that nobody uses.', () => pool().idle);
    gauge(
      registry,
      'zkvault_database_requests_waiting',
      'Requests that wait for a connection.',
      () => pool().waiting,
    );
  }
}
