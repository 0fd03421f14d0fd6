/** @file The streams of the process, and what is known about them. */
import { styleText } from 'node:util';

/** What the program reads from and writes to; a test gives its own. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths begin. */
  readonly workingDirectory: string;
}

/** A style that marks one kind of text. */
export type Style = 'heading' | 'label' | 'faint' | 'good' | 'bad' | 'star';

const formats = {
  heading: ['bold', 'dim'],
  label: ['dim'],
  faint: ['dim'],
  good: ['green'],
  bad: ['red', 'bold'],
  star: ['yellow'],
} as const satisfies Record<Style, readonly Parameters<typeof styleText>[0][]>;

/** Puts colour on text, or not. */
export type Paint = (style: Style, text: string) => string;

/**
 * Gives the painter for one stream: colour only on a terminal, and there only if neither `--no-color`,
 * `NO_COLOR` (https://no-color.org) nor a terminal that knows no colour says otherwise.
 */
export function makePaint(
  stream: { readonly isTTY?: boolean },
  env: Terminal['env'],
  options: { readonly color: boolean },
): Paint {
  const noColor = env['NO_COLOR'];
  const isColorful =
    stream.isTTY === true &&
    options.color &&
    (noColor === undefined || noColor === '') &&
    env['TERM'] !== 'dumb';
  if (!isColorful) return (_style, text) => text;
  return (style, text) => styleText([...formats[style]] as never, text, { validateStream: false });
}

/** True if questions can be asked: both ends of the conversation are a person's. */
export function canAsk(terminal: Terminal): boolean {
  return terminal.stdin.isTTY === true && terminal.stderr.isTTY === true;
}
