/** @file Where the server listens, and whom it answers. */
import type { EnvironmentReader } from '../lib/environment.ts';
import * as parse from '../lib/parse-setting.ts';

/** Where it listens, and whom it answers. */
export interface NetworkSettings {
  /** The address to listen on. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Origins whose pages may call the API; none by default. */
  readonly corsOrigins: readonly string[];
  readonly cors: CorsSettings;
  /** Host names the server answers for; undefined is any. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Proxies whose `X-Forwarded-*` is believed: hops, or addresses and ranges; false is none. */
  readonly trustProxy: number | string[] | false;
}

/** What the pages of `corsOrigins` may do. */
export interface CorsSettings {
  /** True lets them use the refresh cookie. */
  readonly allowCredentials: boolean;
  readonly allowMethods: readonly CorsMethod[];
  /** Request headers, lower case. */
  readonly allowHeaders: readonly string[];
}

const CORS_METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;

/** A method of the API. */
export type CorsMethod = (typeof CORS_METHODS)[number];

/** The request headers that the API reads. */
const CORS_HEADERS: readonly string[] = [
  'authorization',
  'content-type',
  'idempotency-key',
  'if-match',
  'last-event-id',
  'x-api-key',
  'x-request-id',
];

/** Reads them; what is wrong is noted with the reader. */
export function readNetwork(env: EnvironmentReader): NetworkSettings {
  return {
    host: env.read(
      { name: 'HOST', wish: 'must be an address or host name to listen on', parse: parse.listenHost },
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
    cors: readCors(env),
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

function readCors(env: EnvironmentReader): CorsSettings {
  return {
    allowCredentials: env.read(
      { name: 'CORS_ALLOW_CREDENTIALS', wish: 'must be true or false', parse: parse.boolean },
      true,
    ),
    allowMethods: env.read(
      {
        name: 'CORS_ALLOW_METHODS',
        wish: `must be some of ${CORS_METHODS.join(', ')}, separated by commas`,
        parse: parse.listOf(parse.oneOf(CORS_METHODS)),
      },
      CORS_METHODS,
    ),
    allowHeaders: env.read(
      {
        name: 'CORS_ALLOW_HEADERS',
        wish: 'must be names of headers, separated by commas',
        parse: parse.listOf(parse.headerName),
      },
      CORS_HEADERS,
    ),
  };
}
