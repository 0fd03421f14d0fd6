/** @file Files of environment variables. What cannot be read is refused, not passed over: a program would miss it. */
import { CliError } from './cli-error.ts';

const LINE = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=(.*)$/;
const QUOTED = /^(["'])(.*)\1$/;

/**
 * Reads lines of `NAME=value`. Empty lines and lines that begin with `#` are nothing; `export` before a name
 * and one pair of quotes around a value are left out. Nothing else is special: no escapes, no expansion.
 *
 * @throws {CliError} `usage` with code `env-file-invalid`, naming the line by its number.
 */
export function parseEnvFile(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, name, written = ''] = LINE.exec(line.trimStart()) ?? [];
    const value = written.trim();
    if (name === undefined || value.includes('\0'))
      throw new CliError('usage', `line ${index + 1} of the file of variables is not NAME=value`, {
        code: 'env-file-invalid',
      });
    variables[name] = QUOTED.exec(value)?.[2] ?? value;
  }
  return variables;
}
