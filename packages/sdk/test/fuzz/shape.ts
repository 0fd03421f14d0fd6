/** @file Whether what a client shows as the server's words has the form that it declares, whatever the words are. */

/** Members of what is shown that may be null. */
const NULLABLE: ReadonlySet<string> = new Set([
  'actorId',
  'addressPrefix',
  'email',
  'expiresAt',
  'fullName',
  'lastSecurityViolationAt',
  'lastUsedAt',
  'nextCursor',
  'rateLimit',
  'replacedBy',
  'requestId',
  'sessionId',
  'subjectId',
  'vaultId',
]);

/**
 * True if a value has the form of an honest one: the same members, of the same types. Lists may have any
 * length, and each element must be like one of the honest list.
 *
 * @param name of the member it is, for those that may be null; events' `details` hold what the server likes, but no objects.
 */
export function isShapedLike(value: unknown, honest: unknown, name = ''): boolean {
  if (name === 'details') return isRecord(value) && Object.values(value).every(isScalar);
  if (value === null || honest === null)
    return value === honest || (NULLABLE.has(name) && isScalar(value ?? honest));
  if (Array.isArray(honest)) {
    if (!Array.isArray(value)) return false;
    return value.every(
      (each) => honest.length === 0 || honest.some((like) => isShapedLike(each, like, name)),
    );
  }
  if (!isRecord(honest)) return typeof value === typeof honest;
  return (
    isRecord(value) &&
    Object.keys(value).toSorted().join() === Object.keys(honest).toSorted().join() &&
    Object.entries(honest).every(([key, like]) => isShapedLike(value[key], like, key))
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
