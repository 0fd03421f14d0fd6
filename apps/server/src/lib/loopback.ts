/** @file Which hosts are this machine. */

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', '[::1]', 'localhost']);

/** True of a host that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host);
}
