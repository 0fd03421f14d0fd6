/** @file Versions of entries as entity tags (RFC 9110 section 8.8.3): strong, and nothing but the number. */
import { requestFault, ServiceError } from '../../lib/service-error.ts';

const ETAG = /^"([1-9][0-9]{0,9})"$/;

/** The entity tag of a version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * The version that an If-Match names. Lists, weak tags and `*` are refused: who writes must have read.
 *
 * @param ifMatch untrusted.
 * @throws {ServiceError} `if-match-required` if there is none; `request-invalid` if it is no version's tag.
 */
export function versionOfIfMatch(ifMatch: string | undefined): number {
  if (ifMatch === undefined) throw new ServiceError('if-match-required');
  const version = ETAG.exec(ifMatch)?.[1];
  if (version === undefined) throw requestFault('/headers/if-match', 'etag');
  return Number(version);
}
