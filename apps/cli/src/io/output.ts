/**
 * @file Where a command's results and remarks go. Results wait until the command has succeeded, so that a
 * failure leaves standard output empty and no script goes on with half an answer.
 */
import type { Paint, Terminal } from './terminal.ts';
import { makePaint } from './terminal.ts';

/** What a command prints to. */
export interface Output {
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  /** True if a person reads standard output. */
  readonly isTerminal: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  readonly paint: Paint;
  /** Keeps a result, a JSON value with `--json` and else text without its last line break, until the end. */
  result(value: { readonly json: unknown; readonly text: string }): void;
  /** Says something to a person on standard error, below the results; silent with `--quiet` and `--json`. */
  note(text: string): void;
  /** Writes results and notes at once, for what must be seen whatever fails later. */
  flush(): Promise<void>;
  /** Forgets the results and writes the notes alone: the command has failed. */
  discard(): Promise<void>;
}

/** Makes the output of one run. */
export function makeOutput(
  terminal: Terminal,
  options: { readonly json: boolean; readonly quiet: boolean; readonly color: boolean },
): Output {
  let kept = '';
  let notes = '';
  const flushNotes = async (): Promise<void> => {
    const text = notes;
    notes = '';
    if (text !== '') await write(terminal.stderr, text);
  };
  const isTerminal = terminal.stdout.isTTY === true;
  return {
    isJson: options.json,
    isQuiet: options.quiet,
    isTerminal,
    width: terminal.stdout.columns ?? 100,
    paint: makePaint(terminal.stdout, terminal.env, options),
    result({ json, text }) {
      if (options.json) kept += `${JSON.stringify(json, undefined, isTerminal ? 2 : 0)}\n`;
      else if (text !== '') kept += `${text}\n`;
    },
    async flush() {
      const text = kept;
      kept = '';
      if (text !== '') await write(terminal.stdout, text);
      await flushNotes();
    },
    async discard() {
      kept = '';
      await flushNotes();
    },
    note(text) {
      if (!options.quiet && !options.json) notes += `${text}\n`;
    },
  };
}

/** Writes all of a text before it returns: a process that exits earlier cuts a pipe off. */
export async function write(stream: NodeJS.WritableStream, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.write(text, (error) => {
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
}
