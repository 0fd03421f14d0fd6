/** @file Tells database errors apart by SQLSTATE; both drivers put it in `code`. */

/** SQLSTATE classes and codes after which the same request may succeed a little later. */
const UNAVAILABLE =
  /^(?:08...|57P0[1-5]|57014|53...|55P03|40001|40P01|25P03|3D000|28P01|28000|ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE)$/;

/** What pg says, without a code, when a connection is lost or none can be had in time. */
const LOST_CONNECTION =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout|Client was closed)/;

/** True if the database could not be reached, or gave up on a statement or a lock. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  // A request's own socket may be reset as well: only errors of connecting have a system call.
  if (code === 'ECONNRESET' && syscall === undefined) return false;
  if (typeof code === 'string' && UNAVAILABLE.test(code)) return true;
  if (isPlanOutdated(error)) return true;
  return isConnectionLost(error);
}

/** True if the connection is gone, or will be in a moment; nothing more may be sent on it. */
export function isConnectionLost(error: unknown): boolean {
  return error instanceof Error && LOST_CONNECTION.test(error.message);
}

/** True if a row with the same unique value is there. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === '23505';
}

/** True if a lock was not to be had in time. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === '55P03';
}

/** True if a table has other columns by now than when the statement was prepared. */
export function isPlanOutdated(error: unknown): boolean {
  const { code, routine } = error as { code?: unknown; routine?: unknown };
  return code === '0A000' && routine === 'RevalidateCachedQuery';
}
