/** @file Where secrets come from: a prompt on a terminal, or a line of standard input. Never a flag. */
import { confirm, isCancel, multiline, password, text } from '@clack/prompts';
import { CliError } from '../cli-error.ts';
import { makeStdinLines, type StdinLines } from './stdin-lines.ts';
import { canAsk, type Terminal } from './terminal.ts';

/** Asks for what flags do not give. Without a terminal every question is a usage error. */
export interface Questions {
  /** True if a person can be asked. */
  readonly canAsk: boolean;
  /** The lines of standard input, for the `--…-stdin` options. */
  readonly stdin: StdinLines;
  /** Asks for a secret without showing it. */
  askSecret(message: string, options?: { readonly mayBeEmpty?: boolean }): Promise<string>;
  /** Asks for something that is not secret. */
  askLine(message: string): Promise<string>;
  /** Asks a question whose answer is no unless a person says yes. */
  askYes(message: string): Promise<boolean>;
  /** Asks for text of several lines. */
  askText(message: string): Promise<string>;
}

/** Makes the questions of one run. Prompts are written to standard error: standard output is for results. */
export function makeQuestions(terminal: Terminal): Questions {
  const isPossible = canAsk(terminal);
  const streams = {
    input: terminal.stdin as NodeJS.ReadStream,
    output: terminal.stderr as NodeJS.WriteStream,
  };
  const askAnything = async <Answer>(
    message: string,
    prompt: () => Promise<Answer | symbol>,
  ): Promise<Answer> => {
    if (!isPossible) throw new CliError('usage', `${message}: nobody to ask, because this is not a terminal`);
    const answer = await prompt();
    if (isCancel(answer) || typeof answer === 'symbol') throw new CliError('interrupted', 'cancelled');
    return answer;
  };
  const ask = async (message: string, prompt: () => Promise<string | symbol | undefined>): Promise<string> =>
    (await askAnything<string | undefined>(message, prompt)) ?? '';
  return {
    canAsk: isPossible,
    stdin: makeStdinLines(terminal.stdin as AsyncIterable<Uint8Array>),
    askSecret: (message, { mayBeEmpty = false } = {}) =>
      ask(message, () => password({ message, ...streams, ...(!mayBeEmpty && { validate: requireText }) })),
    askLine: (message) => ask(message, () => text({ message, ...streams, validate: requireText })),
    askYes: (message) =>
      askAnything<boolean>(message, () => confirm({ message, initialValue: false, ...streams })),
    askText: (message) =>
      ask(message, () => multiline({ message: `${message} (Enter twice to end)`, ...streams })),
  };
}

function requireText(answer: string | undefined): string | undefined {
  return answer === undefined || answer === '' ? 'Something is needed here.' : undefined;
}
