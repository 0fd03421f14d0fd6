/** @file The id by which a caller and the log name one request. */
import type { IncomingMessage } from 'node:http';
import { makeUuid7 } from '../lib/uuid.ts';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The caller's `X-Request-Id` if it is a UUID, and a fresh UUIDv7 otherwise. */
export function requestIdOf(message: Pick<IncomingMessage, 'headers'>): string {
  const given = message.headers['x-request-id'];
  return typeof given === 'string' && UUID.test(given) ? given : makeUuid7();
}
