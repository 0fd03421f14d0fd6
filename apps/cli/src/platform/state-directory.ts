/** @file Where the program keeps its state, and where its sockets lie. */
import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { CliError } from '../cli-error.ts';
import type { Terminal } from '../io/terminal.ts';

const PRIVATE_MODE = 0o700;
const OTHERS_MAY_ANYTHING = 0o077;

/** The state directory: the given one, or the place that the operating system has for such data. */
export function findStateDirectory(given: string | undefined, workingDirectory: string): string {
  return given === undefined || given === ''
    ? envPaths('zkvault', { suffix: '' }).data
    : resolve(workingDirectory, given);
}

/** Makes a directory that only its owner may enter, if it is not there. */
export async function makePrivateDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: PRIVATE_MODE });
}

/**
 * The address of the agent of one state directory: a socket in a directory that only the user may enter,
 * or a named pipe on Windows.
 *
 * The permissions of that directory are what keeps others away from the key; there is no token besides,
 * because whoever can reach the socket could read the token as well. So a directory with other permissions
 * or of another owner is refused, not mended: somebody may already be in it.
 *
 * @throws {CliError} `error` if the directory is not safe.
 */
export async function findAgentAddress(stateDirectory: string, env: Terminal['env']): Promise<string> {
  const name = createHash('sha256').update(stateDirectory).digest('hex').slice(0, 24);
  // Windows gives a pipe to its maker and to administrators only.
  if (process.platform === 'win32') return `\\\\.\\pipe\\zkvault-${userInfo().username}-${name}`;
  const directory = runtimeDirectory(env);
  await makePrivateDirectory(directory);
  const facts = await lstat(directory);
  if (!facts.isDirectory() || facts.uid !== process.getuid?.() || (facts.mode & OTHERS_MAY_ANYTHING) !== 0)
    throw new CliError(
      'error',
      `${directory} must be a directory of your own that nobody else may enter; remove it or run chmod 700 on it`,
      { code: 'runtime-directory-unsafe' },
    );
  return join(directory, `${name}.sock`);
}

/** Short on purpose: the path of a socket has at most about 100 characters. */
function runtimeDirectory(env: Terminal['env']): string {
  const base = env['XDG_RUNTIME_DIR'];
  if (base !== undefined && base.startsWith('/') && base.length < 60) return join(base, 'zkvault');
  return join(tmpdir(), `zkvault-${userInfo().uid}`);
}
