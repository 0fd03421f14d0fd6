/** @file The variables of the key ring: as it is in `SERVER_KEYS`, or wrapped in `SERVER_KEYS_WRAPPED`. */
import type { EnvironmentReader } from '../environment.ts';
import type { RingKey } from '../key-ring.ts';
import { parseRingText } from '../key-ring-text.ts';
import { type KeyProviderSettings, readKeyProvider, readKeyProviderKind } from './read-key-provider.ts';
import { isWrappedRing } from './wrapped-ring.ts';

/** A ring that a provider has to open, or that is to be wrapped. */
export interface WrappedServerKeys {
  readonly provider: KeyProviderSettings;
  /** As `zkvault-server keys wrap` prints it. */
  readonly ring: string;
}

/** Where the ring is. */
export interface ServerKeys {
  /** Newest first; undefined where it is wrapped, and in development, where one is made and kept. */
  readonly serverKeys: readonly RingKey[] | undefined;
  readonly wrappedServerKeys: WrappedServerKeys | undefined;
}

const RING_WISH =
  'must be one or several id:key separated by commas, newest first, each key 32 random bytes in base64url';
const WRAPPED_WISH = 'must be what zkvault-server keys wrap prints';

/** Reads the ring; what is wrong or missing is noted with the reader. */
export function readServerKeys(env: EnvironmentReader, production: boolean): ServerKeys {
  const kind = readKeyProviderKind(env);
  const provider = readKeyProvider(env, kind);
  const { plain, wrapped } = readRings(env);
  const isMissing = (name: string): boolean => !env.hasRefused(name);
  if (provider === undefined) {
    if (wrapped !== undefined) env.refuse('SERVER_KEYS_WRAPPED: needs the provider in SERVER_KEYS_PROVIDER');
    if (kind === 'file' && !env.isInFile('SERVER_KEYS'))
      env.refuse('SERVER_KEYS_FILE: is missing; SERVER_KEYS_PROVIDER is file');
    else if (production && plain === undefined && isMissing('SERVER_KEYS'))
      env.refuse(`SERVER_KEYS: is missing; it ${RING_WISH}`);
    return { serverKeys: plain, wrappedServerKeys: undefined };
  }
  if (plain !== undefined) env.refuse(`SERVER_KEYS: is not to be set beside SERVER_KEYS_PROVIDER=${kind}`);
  if (wrapped === undefined && isMissing('SERVER_KEYS_WRAPPED'))
    env.refuse(`SERVER_KEYS_WRAPPED: is missing; it ${WRAPPED_WISH}`);
  return {
    serverKeys: undefined,
    wrappedServerKeys: wrapped === undefined ? undefined : { provider, ring: wrapped },
  };
}

/** What `keys wrap` works on. */
export interface RingToWrap {
  readonly provider: KeyProviderSettings | undefined;
  /** The ring as it is; it goes before a wrapped one. */
  readonly plain: readonly RingKey[] | undefined;
  readonly wrapped: string | undefined;
}

/** Reads a provider and the rings that there are; what is wrong is noted with the reader. */
export function readRingToWrap(env: EnvironmentReader): RingToWrap {
  const provider = readKeyProvider(env, readKeyProviderKind(env));
  if (provider === undefined) env.refuse('SERVER_KEYS_PROVIDER: must name a service that wraps');
  return { provider, ...readRings(env) };
}

function readRings(env: EnvironmentReader): Pick<RingToWrap, 'plain' | 'wrapped'> {
  return {
    plain: env.read({ name: 'SERVER_KEYS', wish: RING_WISH, parse: parseRingText }, undefined),
    wrapped: env.read(
      {
        name: 'SERVER_KEYS_WRAPPED',
        wish: WRAPPED_WISH,
        parse: (text) => (isWrappedRing(text) ? text : undefined),
      },
      undefined,
    ),
  };
}
