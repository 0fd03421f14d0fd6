/**
 * @file Answers that are wrong as HTTP or as text: statuses, headers, bodies cut, swollen, slow or told in
 * JSON that parsers disagree about.
 */
import { type ProblemCode, problems } from '@zkvault/contract';
import type { Answer } from './exchange.ts';

/** One way to break an answer. */
export interface BrokenAnswer {
  /** `status 307 elsewhere`, `truncated body`, … */
  readonly operator: string;
  /** Changes the answer in place, or gives a Response of its own. */
  apply(answer: Answer): Response | undefined | void;
}

const ELSEWHERE = 'https://elsewhere.example/api/v1/auth/login';
const encoder = new TextEncoder();

/** Every way. */
export const brokenAnswers: readonly BrokenAnswer[] = [
  ...[301, 302, 303, 307, 308].map((status) =>
    broken(`status ${status} elsewhere`, (answer) => {
      answer.status = status;
      answer.headers.set('location', ELSEWHERE);
    }),
  ),
  ...[200, 201, 202, 204, 206, 400, 401, 403, 404, 408, 409, 412, 418, 422, 428, 429, 500, 502, 503, 599].map(
    (status) =>
      broken(`status ${status}, same body`, (answer) => {
        answer.status = status;
      }),
  ),
  ...(Object.keys(problems) as ProblemCode[]).map((code) =>
    broken(`problem ${code}`, (answer) => refuse(answer, code)),
  ),
  broken('problem of another status', (answer) => {
    refuse(answer, 'invalid-token');
    answer.status = 500;
  }),
  ...['text/html', 'text/plain', 'application/problem+json', 'application/json; charset=utf-16', ''].map(
    (mediaType) =>
      broken(`content type "${mediaType}"`, (answer) => {
        if (mediaType === '') answer.headers.delete('content-type');
        else answer.headers.set('content-type', mediaType);
      }),
  ),
  ...(
    [
      ['empty body', () => ''],
      ['body null', () => 'null'],
      ['body []', () => '[]'],
      ['body {}', () => '{}'],
      ['truncated body', (text) => text.slice(0, text.length / 2)],
      ['body without its last character', (text) => text.slice(0, -1)],
      ['byte order mark', (text) => `\uFEFF${text}`],
      ['text after the body', (text) => `${text}{}`],
      ['deep nesting', () => `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
      ['duplicate keys', (text) => text.replace(/^\{("\w+":)/, '{$1null,$1')],
      ['duplicate keys, one escaped', (text) => text.replace(/^\{"(\w)(\w*)":/, duplicateEscaped)],
      ['__proto__', (text) => text.replace(/^\{/, '{"__proto__":{"admin":true,"isAdmin":true},')],
      ['constructor', (text) => text.replace(/^\{/, '{"constructor":{"prototype":{"admin":true}},')],
      ['number beyond 2^53', (text) => text.replace(/:\d+([,}])/, ':9007199254740993$1')],
      ['number with an exponent', (text) => text.replace(/:(\d+)([,}])/, ':$1e0$2')],
      ['number out of range', (text) => text.replace(/:\d+([,}])/, ':1e999$1')],
      ['lone surrogate', (text) => text.replace(/":"/, '":"\\ud800')],
      ['comment', (text) => `/* */${text}`],
    ] satisfies readonly (readonly [string, (text: string) => string])[]
  ).map(([operator, change]) =>
    broken(operator, (answer) => {
      answer.body = encoder.encode(change(new TextDecoder().decode(answer.body)));
    }),
  ),
  broken('not UTF-8', (answer) => {
    answer.body = Uint8Array.of(...answer.body.subarray(0, 1), 0xff, ...answer.body.subarray(1));
  }),
  broken('huge body', ({ status, headers }) => new Response(endless(65_536), { status, headers })),
  broken('slow body', ({ status, headers }) => new Response(endless(0), { status, headers })),
  broken('a body that breaks off', ({ status, headers, body }) => {
    const parts = [body.slice(0, body.length / 2)];
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        const part = parts.pop();
        if (part === undefined) controller.error(new TypeError('the connection was reset'));
        else controller.enqueue(part);
      },
    });
    return new Response(stream, { status, headers });
  }),
];

function broken(operator: string, apply: BrokenAnswer['apply']): BrokenAnswer {
  return { operator, apply };
}

function duplicateEscaped(_: string, first: string, rest: string): string {
  const escaped = `\\u${first.charCodeAt(0).toString(16).padStart(4, '0')}${rest}`;
  return `{"${escaped}":null,"${first}${rest}":`;
}

function refuse(answer: Answer, code: ProblemCode): void {
  const { status, title } = problems[code];
  const requestId = crypto.randomUUID();
  answer.status = status;
  answer.headers.set('content-type', 'application/problem+json');
  answer.headers.set('retry-after', '3600');
  answer.json = { type: `urn:zkvault:problem:${code}`, title, status, code, requestId, seq: 7 };
  answer.body = encoder.encode(JSON.stringify(answer.json));
}

/** Blanks without end; with chunks of no length, nothing at all without end. */
function endless(chunkBytes: number): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(chunkBytes).fill(0x20);
  return new ReadableStream<Uint8Array>({
    pull: (controller) => (chunkBytes === 0 ? new Promise<void>(() => undefined) : controller.enqueue(chunk)),
  });
}
