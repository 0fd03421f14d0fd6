/**
 * @file References to secrets in environment variables: `zkvault://<entry>/<field>`. The entry is named by its
 * title or id, the field as `get --field` calls it; both percent-encoded where they hold a slash or a percent
 * sign. A value is a reference as a whole or not at all.
 */
import type { Entry } from '@zkvault/sdk';
import { CliError } from './cli-error.ts';
import { detailsOf } from './entry-view.ts';
import { findEntry } from './find-entry.ts';

const SCHEME = 'zkvault://';

/** The variables whose values are references. */
export function referringNames(env: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(env).filter((name) => env[name]?.startsWith(SCHEME) === true);
}

/**
 * The environment with every reference replaced by what it refers to.
 *
 * @throws {CliError} naming the variable and never its value: `usage` with code `reference-invalid`, or
 *   `not-found` with code `reference-not-found` if the entry or the field is not there, or is not one.
 */
export function resolveReferences(
  env: Readonly<Record<string, string>>,
  entries: readonly Entry[],
): Record<string, string> {
  const resolved = { ...env };
  for (const name of referringNames(env)) resolved[name] = resolve(name, env[name] ?? '', entries);
  return resolved;
}

function resolve(variable: string, value: string, entries: readonly Entry[]): string {
  const { entry: wanted, field } = parseReference(variable, value);
  const details = detailsOf(entryOf(variable, wanted, entries));
  const detail =
    details.find(({ name }) => name === field) ??
    details.find(({ name }) => name.toLowerCase() === field.toLowerCase());
  if (detail === undefined) throw notFound(variable, 'the entry has nothing in that field');
  return detail.text;
}

/** Makes sure of the form, before any vault is opened. @throws {CliError} `usage`. */
export function parseReference(
  variable: string,
  value: string,
): { readonly entry: string; readonly field: string } {
  const [entry = '', field = '', ...more] = value.slice(SCHEME.length).split('/');
  if (entry === '' || field === '' || more.length > 0) throw malformed(variable);
  try {
    return { entry: decodeURIComponent(entry), field: decodeURIComponent(field) };
  } catch {
    throw malformed(variable);
  }
}

function entryOf(variable: string, wanted: string, entries: readonly Entry[]): Entry {
  try {
    return findEntry(entries, wanted);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw notFound(
      variable,
      error.code === 'ambiguous' ? 'several entries have that title; use an id' : 'there is no such entry',
      error,
    );
  }
}

function malformed(variable: string): CliError {
  return new CliError('usage', `${variable} is no reference of the form zkvault://<entry>/<field>`, {
    code: 'reference-invalid',
  });
}

function notFound(variable: string, why: string, cause?: Error): CliError {
  return new CliError('not-found', `${variable} refers to nothing: ${why}`, {
    code: 'reference-not-found',
    cause,
  });
}
