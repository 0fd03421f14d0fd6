/**
 * @file Reads a stream of server-sent events (WHATWG HTML section 9.2) that may be anything: bounded line by
 * line, read no faster than a vault can change, given up when it falls silent.
 */
import { ProtocolError } from '@zkvault/crypto-core';
import { TransportError } from './errors.ts';
import { abortable } from './response-body.ts';
import { sleep } from './sleep.ts';

/** One event. A comment is an event without a name. */
export interface ServerSentEvent {
  readonly name: string;
  readonly data: string;
  /** Safe to be put into a header; undefined if there is none, or one of another form. */
  readonly id: string | undefined;
}

/** How a stream is read. */
export interface StreamReading {
  readonly signal: AbortSignal;
  /** How long nothing may come before the stream counts as dead. */
  readonly silenceMs: number;
}

/** Longest event, all its lines together, in characters. The longest of the contract has about 150. */
const MAX_EVENT_LENGTH = 4_096;
/** More is left to the network, which then holds the server back. */
const MAX_BYTES_PER_SECOND = 65_536;
const ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Gives the events of a stream until it ends. What an unfinished event at the end says is lost.
 *
 * @param body untrusted.
 * @throws {ProtocolError} `stream-malformed`: not UTF-8, or an event that is too long.
 * @throws {TransportError} `timeout` for silence, `network` for a connection that breaks.
 * @throws the signal's reason.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  { signal, silenceMs }: StreamReading,
): AsyncGenerator<ServerSentEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let budget = makeBudget();
  try {
    for (;;) {
      const chunk = await readChunk(reader, signal, silenceMs);
      if (chunk === undefined) return;
      text += decodeChunk(decoder, chunk);
      for (;;) {
        const end = text.indexOf('\n\n');
        // Measured event by event: a chunk may hold many.
        if ((end === -1 ? text.length : end) > MAX_EVENT_LENGTH)
          throw new ProtocolError(
            'stream-malformed',
            `an event has more than ${MAX_EVENT_LENGTH} characters`,
          );
        if (end === -1) break;
        yield parseEvent(text.slice(0, end));
        text = text.slice(end + 2);
      }
      budget = await spend(budget, chunk.length, signal);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

interface Budget {
  readonly sinceMs: number;
  readonly bytes: number;
}

function makeBudget(): Budget {
  return { sinceMs: performance.now(), bytes: 0 };
}

/** Waits out the second in which too much has come. */
async function spend(budget: Budget, length: number, signal: AbortSignal): Promise<Budget> {
  const elapsedMs = performance.now() - budget.sinceMs;
  const bytes = budget.bytes + length;
  if (bytes <= MAX_BYTES_PER_SECOND) return elapsedMs >= 1_000 ? makeBudget() : { ...budget, bytes };
  await sleep(Math.max(0, (bytes / MAX_BYTES_PER_SECOND) * 1_000 - elapsedMs), signal);
  return makeBudget();
}

async function readChunk(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal,
  silenceMs: number,
): Promise<Uint8Array | undefined> {
  const silence = AbortSignal.timeout(silenceMs);
  try {
    const { done, value } = await abortable(reader.read(), AbortSignal.any([signal, silence]));
    return done ? undefined : value;
  } catch (error) {
    signal.throwIfAborted();
    if (silence.aborted)
      throw new TransportError('timeout', 'the stream has fallen silent', { cause: error });
    throw new TransportError('network', 'the stream was cut off', { cause: error });
  }
}

function decodeChunk(decoder: TextDecoder, chunk: Uint8Array): string {
  try {
    return decoder.decode(chunk, { stream: true }).replaceAll('\r\n', '\n');
  } catch (error) {
    throw new ProtocolError('stream-malformed', 'the stream is not UTF-8', { cause: error });
  }
}

function parseEvent(block: string): ServerSentEvent {
  let name = '';
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^([^:]+)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === 'event') name = value;
    else if (field === 'data') data.push(value);
    else if (field === 'id' && ID.test(value)) id = value;
  }
  return { name, data: data.join('\n'), id };
}
