/** @file Finds the entry that a person means by an id, the beginning of one, or a title. */
import type { Entry } from '@zkvault/sdk';
import { CliError } from './cli-error.ts';

/** The beginning of an id that may stand for it: what `list` shows on a terminal. */
export const SHORT_ID_LENGTH = 8;

/**
 * The one entry that is meant: an id, at least 8 characters of one, or a title (exactly, else whatever the case).
 *
 * @throws {CliError} `not-found`; `error` with code `ambiguous` if several are meant.
 */
export function findEntry(entries: readonly Entry[], wanted: string): Entry {
  const rules: readonly ((entry: Entry) => boolean)[] = [
    ({ id }) => id === wanted.toLowerCase(),
    ({ title }) => title === wanted,
    ({ title }) => title.toLowerCase() === wanted.toLowerCase(),
    ({ id }) => wanted.length >= SHORT_ID_LENGTH && id.startsWith(wanted.toLowerCase()),
  ];
  for (const rule of rules) {
    const found = entries.filter(rule);
    if (found.length === 1 && found[0] !== undefined) return found[0];
    if (found.length > 1)
      throw new CliError(
        'error',
        `${found.length} entries have that title; name one by its id: ${found.map(({ id }) => id).join(' ')}`,
        { code: 'ambiguous' },
      );
  }
  throw new CliError('not-found', 'there is no such entry; see zkvault list', { code: 'entry-not-found' });
}
