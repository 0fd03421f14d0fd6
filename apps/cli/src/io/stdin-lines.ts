/** @file Reads secrets from standard input, line by line, so that one pipe can carry several of them. */
import { CliError } from '../cli-error.ts';

/** What is read at most; more is not a secret but a mistake. */
const MAX_BYTES = 1_048_576;

/** Lines of standard input, read when they are asked for. */
export interface StdinLines {
  /** The next line without its line break, or undefined at the end. */
  next(): Promise<string | undefined>;
  /** All that is left, without the last line break. */
  rest(): Promise<string>;
}

/** Makes a reader over a stream that is read once, to its end, at the first question. */
export function makeStdinLines(stream: AsyncIterable<Uint8Array | string>): StdinLines {
  let remaining: Promise<string> | undefined;
  const load = (): Promise<string> => (remaining ??= readAll(stream));
  return {
    async next() {
      const text = await load();
      if (text === '') return undefined;
      const end = text.indexOf('\n');
      remaining = Promise.resolve(end === -1 ? '' : text.slice(end + 1));
      return (end === -1 ? text : text.slice(0, end)).replace(/\r$/, '');
    },
    async rest() {
      const text = await load();
      remaining = Promise.resolve('');
      return text.replace(/\r?\n$/, '');
    },
  };
}

async function readAll(stream: AsyncIterable<Uint8Array | string>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_BYTES) throw new CliError('usage', 'standard input is longer than 1 MiB');
    chunks.push(bytes);
  }
  const all = Buffer.concat(chunks);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(all);
  } catch {
    throw new CliError('usage', 'standard input is not UTF-8 text');
  } finally {
    for (const bytes of [...chunks, all]) bytes.fill(0);
  }
}
