/** @file What can go wrong on the command line, and the exit code that says so to a script. */

/** Every exit code the program ends with; 130 is a Ctrl-C. */
export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  'not-logged-in': 3,
  locked: 4,
  'not-found': 5,
  conflict: 6,
  network: 7,
  integrity: 8,
  interrupted: 130,
} as const;

/** The name of an exit code. */
export type ExitName = keyof typeof exitCodes;

/** A failure with its exit code. */
export class CliError extends Error {
  /** Which exit code this is. */
  readonly exit: ExitName;
  /** Names the failure for programs; the exit's own name if there is nothing finer. */
  readonly code: string;

  /** @param message one line for people that says what to do next; never holds a secret. */
  constructor(
    exit: ExitName,
    message: string,
    options: { readonly code?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'CliError';
    this.exit = exit;
    this.code = options.code ?? exit;
  }
}
