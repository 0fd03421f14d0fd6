/** @file Refuses on the bare socket, where there is no request to answer: malformed HTTP, slow senders. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ProblemCode } from '@zkvault/contract';
import type { FastifyBaseLogger } from 'fastify';
import { makeUuid7 } from '../lib/uuid.ts';
import { problemAnswer } from './problem-answer.ts';
import { securityHeaders } from './security-headers.ts';

/** Writes a problem to a socket, if it still takes one, and closes it. */
export function refuseSocket(socket: Duplex, code: ProblemCode, requestId: string = makeUuid7()): void {
  if (socket.writable) {
    const { status, headers, body } = problemAnswer(code, requestId);
    const text = JSON.stringify(body);
    const lines = Object.entries({
      // Whether TLS was used is unknown here; a client that came by TLS has HSTS from its other answers.
      ...securityHeaders('http'),
      ...headers,
      'x-request-id': requestId,
      'content-length': String(Buffer.byteLength(text)),
      connection: 'close',
    }).map(([name, value]) => `${name}: ${value}`);
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${text}`);
  }
  socket.end(() => socket.destroy());
}

/** What Node's HTTP parser says, as a problem. */
function codeOf(error: NodeJS.ErrnoException): ProblemCode {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request-timeout';
  return error.code === 'HPE_HEADER_OVERFLOW' ? 'headers-too-large' : 'malformed-request';
}

/** Makes the handler of connections whose request could not be read. */
export function clientErrorHandler(
  logger: FastifyBaseLogger,
): (error: NodeJS.ErrnoException, socket: Duplex) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const code = codeOf(error);
    logger.debug({ event: 'http_refused', code }, 'connection refused');
    refuseSocket(socket, code);
  };
}
