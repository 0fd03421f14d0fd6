/** @file How the server is watched, when it turns work away, and how it ends. */
import type { EnvironmentReader } from '../lib/environment.ts';
import { isLoopback } from '../lib/loopback.ts';
import * as parse from '../lib/parse-setting.ts';

/** How the server is watched, when it turns work away, and how it ends. */
export interface OperationsSettings {
  readonly metrics: MetricsSettings;
  readonly pressure: PressureSettings;
  /** How long `/readyz` says no before the socket closes, so that a balancer sends nobody here any more. */
  readonly shutdownDelaySeconds: number;
  /** How long requests under way may take after that. */
  readonly shutdownTimeoutSeconds: number;
}

/** Where `/metrics` is; nowhere unless a token or a port is set. */
export interface MetricsSettings {
  /** What a reader has to show as bearer token. */
  readonly token: string | undefined;
  /** A listener of its own; undefined serves `/metrics` beside the API, if there is a token. */
  readonly port: number | undefined;
  /** Where that listener listens. */
  readonly host: string;
}

/** Beyond which load the server turns requests away; `off` looks at something else only. */
export interface PressureSettings {
  /** The mean delay of the event loop in a second, milliseconds. */
  readonly maxEventLoopDelayMs: number | 'off';
  /** The part of a second in which the event loop did something, percent. */
  readonly maxEventLoopPercent: number | 'off';
  /** How full the heap is, percent of what Node allows. */
  readonly maxHeapPercent: number | 'off';
}

/** Reads them; what is wrong is noted with the reader. */
export function readOperations(env: EnvironmentReader): OperationsSettings {
  const seconds = (name: string, fallback: number): number =>
    env.read(
      {
        name,
        wish: 'must be a duration such as 10s (s or m), from 0s to 10m',
        parse: parse.durationBetween(0, 600),
      },
      fallback,
    );
  return {
    metrics: readMetrics(env),
    pressure: readPressure(env),
    shutdownDelaySeconds: seconds('SHUTDOWN_DELAY', 0),
    shutdownTimeoutSeconds: seconds('SHUTDOWN_TIMEOUT', 10),
  };
}

function readMetrics(env: EnvironmentReader): MetricsSettings {
  const token = env.read(
    {
      name: 'METRICS_TOKEN',
      wish: 'must be a secret of 32 or more characters and no placeholder',
      parse: parse.bearerSecret,
    },
    undefined,
  );
  const port = env.read(
    { name: 'METRICS_PORT', wish: 'must be a port from 0 to 65535', parse: parse.integerBetween(0, 65_535) },
    undefined,
  );
  const host = env.read(
    { name: 'METRICS_HOST', wish: 'must be an address or host name to listen on', parse: parse.listenHost },
    '127.0.0.1',
  );
  if (port !== undefined && token === undefined && !isLoopback(host) && !env.hasRefused('METRICS_TOKEN'))
    env.refuse('METRICS_HOST: is reached from other machines; set METRICS_TOKEN as well');
  return { token, port, host };
}

function readPressure(env: EnvironmentReader): PressureSettings {
  const read = <Fallback>(name: string, maximum: number, fallback: Fallback): number | 'off' | Fallback => {
    const number = parse.integerBetween(1, maximum);
    return env.read<number | 'off', Fallback>(
      {
        name,
        wish: `must be a number from 1 to ${maximum}, or off`,
        parse: (text) => (text === 'off' ? 'off' : number(text)),
      },
      fallback,
    );
  };
  return {
    maxEventLoopDelayMs: read('MAX_EVENT_LOOP_DELAY_MS', 60_000, 1_000),
    maxEventLoopPercent: read('MAX_EVENT_LOOP_PERCENT', 100, 'off' as const),
    maxHeapPercent: read('MAX_HEAP_PERCENT', 100, 90),
  };
}
