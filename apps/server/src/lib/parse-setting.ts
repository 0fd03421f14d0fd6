/** @file Small parsers of configuration values. Each gives undefined for what it does not take. */
import { isIP } from 'node:net';
import { isKnownSecret } from './known-secrets.ts';

/** A parser of one of a few words. */
export function oneOf<Word extends string>(words: readonly Word[]): (text: string) => Word | undefined {
  return (text) => words.find((word) => word === text);
}

/** A parser of a plain decimal integer within inclusive bounds. */
export function integerBetween(minimum: number, maximum: number): (text: string) => number | undefined {
  return (text) => {
    if (!/^\d{1,9}$/.test(text)) return undefined;
    const value = Number(text);
    return value >= minimum && value <= maximum ? value : undefined;
  };
}

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** A parser of `<integer><s|m|h|d>`, giving seconds within inclusive bounds. */
export function durationBetween(
  minimumSeconds: number,
  maximumSeconds: number,
): (text: string) => number | undefined {
  return (text) => {
    const [, amount, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
    if (amount === undefined || unit === undefined) return undefined;
    const seconds = Number(amount) * SECONDS[unit as keyof typeof SECONDS];
    return seconds >= minimumSeconds && seconds <= maximumSeconds ? seconds : undefined;
  };
}

/** A parser of a comma-separated list of what another parser takes; it may not be empty. */
export function listOf<Item>(
  parse: (text: string) => Item | undefined,
): (text: string) => readonly Item[] | undefined {
  return (text) => {
    const items = text.split(',').map((part) => parse(part.trim()));
    return items.every((item) => item !== undefined) ? items : undefined;
  };
}

/** `true` or `false`. */
export function boolean(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** Text that is not only spaces. */
export function anyText(text: string): string | undefined {
  return text.trim() === '' ? undefined : text;
}

/** An origin as browsers send it: scheme, host and, if it is not the default one, port. */
export function origin(text: string): string | undefined {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text ? text : undefined;
}

/** A host name or address without a port, in lower case. */
export function hostName(text: string): string | undefined {
  return /^(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])$/i.test(text) ? text.toLowerCase() : undefined;
}

/** An address or host name to listen on. */
export function listenHost(text: string): string | undefined {
  return hostName(text) ?? (/^[0-9a-f:.]{2,45}$/i.test(text) ? text : undefined);
}

/** The name of a header, in lower case. */
export function headerName(text: string): string | undefined {
  return /^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(text) ? text.toLowerCase() : undefined;
}

/** A name that means nothing to HTML. */
export function plainName(text: string): string | undefined {
  return /^[\p{L}\p{N}._ -]{1,64}$/u.test(text) ? text : undefined;
}

/** A version, as semver or as people number things. */
export function versionName(text: string): string | undefined {
  return /^[A-Za-z0-9._+-]{1,64}$/.test(text) ? text : undefined;
}

const PLACEHOLDER =
  /change.?(?:me|this|it)|place.?holder|replace|your.{0,20}(?:secret|key)|(?:super|my|jwt|top).?secret|example|insecure|dummy|sample|0123456789/i;

/** A secret text: long, varied, and none that stands in a manual or in a published list. */
export function secretText(text: string): string | undefined {
  const isFit = text.length >= 32 && new Set(text).size >= 10 && !PLACEHOLDER.test(text);
  return isFit && !isKnownSecret(text) ? text : undefined;
}

/** A secret that can be sent as a bearer token. */
export function bearerSecret(text: string): string | undefined {
  return /^[\x21-\x7e]+$/.test(text) ? secretText(text) : undefined;
}

/** A URL of Redis or Valkey. */
export function redisUrl(text: string): string | undefined {
  const url = URL.parse(text);
  return url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== '' ? text : undefined;
}

/** A URL of PostgreSQL. */
export function postgresUrl(text: string): string | undefined {
  const url = URL.parse(text);
  return url !== null && /^postgres(?:ql)?:$/.test(url.protocol) ? text : undefined;
}

const MAX_HOPS = 16;

/** Which proxies are believed: a number of hops, or addresses and CIDR ranges. */
export function trustedProxies(text: string): number | string[] | undefined {
  if (/^\d+$/.test(text)) return integerBetween(1, MAX_HOPS)(text);
  const ranges = listOf(addressRange)(text);
  return ranges === undefined ? undefined : [...ranges];
}

function addressRange(text: string): string | undefined {
  const [address = '', bits, more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more !== undefined) return undefined;
  return bits === undefined || integerBetween(0, family === 4 ? 32 : 128)(bits) !== undefined
    ? text
    : undefined;
}
