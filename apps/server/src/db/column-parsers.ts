/** @file How columns become JavaScript values on both engines, without the list of types that PGlite brings along. */

/** The OID of `bigint`. */
export const INT8 = 20;
/** The OID of `bytea`. */
export const BYTEA = 17;

/** A bigint as a number. @throws {RangeError} a number cannot hold it. */
export function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('the database gave an integer beyond 2^53 - 1');
  return value;
}

/** How PGlite is told to read bigint. */
export const PGLITE_PARSERS = { [INT8]: safeInteger } as const;
