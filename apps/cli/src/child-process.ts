/** @file Starts a program in the place of this one: same streams, its exit code, and the signals sent here. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { CliError } from './cli-error.ts';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;
/** What a terminal sends to every process in front of it, this one and the program alike. */
const OF_THE_TERMINAL: readonly string[] = ['SIGINT', 'SIGQUIT'];

/** A program to start. */
export interface Program {
  readonly command: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** True if a terminal has this process in front: then it has sent its signals to the program already. */
  readonly isAtTerminal: boolean;
}

/**
 * Runs a program to its end.
 *
 * @returns its exit code; 128 and the number of the signal that ended it, as a shell has it.
 * @throws {CliError} `error` with code `program-not-started`.
 */
export async function runChild(program: Program): Promise<number> {
  const { command, words, env, workingDirectory: cwd, isAtTerminal } = program;
  const child = spawn(command, words, { env, cwd, stdio: 'inherit' });
  const listeners = FORWARDED.map((signal) => {
    const forward = (): void => {
      if (!(isAtTerminal && OF_THE_TERMINAL.includes(signal))) child.kill(signal);
    };
    process.on(signal, forward);
    return () => process.off(signal, forward);
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        reject(
          new CliError('error', `the program cannot be started (${error.code ?? 'unknown reason'})`, {
            code: 'program-not-started',
            cause: error,
          }),
        );
      });
      child.once('exit', (code, signal) => {
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      });
    });
  } finally {
    for (const remove of listeners) remove();
  }
}
