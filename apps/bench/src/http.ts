/** @file Requests that cost the load generator as little as can be: nothing is decoded that nobody asked for. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http';

/** One keep-alive socket per caller that waits. */
const agent = new Agent({ keepAlive: true });

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Bytes of the body. */
  readonly size: number;
  text(): string;
}

/** One request. */
export interface Call {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer that was not 2xx. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;
  /** When the server says to come again; undefined if it does not. */
  readonly retryAfterSeconds: number | undefined;

  constructor(what: string, status: number, retryAfter: string | undefined) {
    super(what);
    this.status = status;
    this.retryAfterSeconds = retryAfter === undefined ? undefined : Number(retryAfter);
  }
}

/** Sends a request and reads the answer. @throws {RefusedError} it was not 2xx. */
export function call(url: string, { method = 'GET', headers = {}, body }: Call = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request(url, { agent, method, headers: { ...type, ...length, ...headers } }, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
      });
      answer.on('error', reject);
      answer.on('end', () => {
        const status = answer.statusCode ?? 0;
        const text = textOf(chunks);
        if (status >= 200 && status < 300) resolve({ status, headers: answer.headers, size, text });
        else {
          const what = `${method} ${new URL(url).pathname} answered ${status}: ${text().slice(0, 200)}`;
          reject(new RefusedError(what, status, answer.headers['retry-after']));
        }
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function textOf(chunks: readonly Buffer[]): () => string {
  return () => Buffer.concat(chunks).toString('utf8');
}

/** How long something takes, in milliseconds. */
export async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Does the same again and again for some seconds, on several lanes at once. @returns how often in a second. */
export async function timesPerSecond(
  lanes: number,
  seconds: number,
  work: (lane: number) => Promise<void>,
): Promise<number> {
  const started = performance.now();
  const end = started + seconds * 1_000;
  let done = 0;
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      while (performance.now() < end) {
        await work(lane);
        done += 1;
      }
    }),
  );
  return (done * 1_000) / (performance.now() - started);
}
