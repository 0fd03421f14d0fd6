/** @file Reads JSON bodies, and no others, through the contract's strict parser. */
import { parseStrictJson, StrictJsonError } from '@zkvault/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServiceError } from '../lib/service-error.ts';
import { noteBody } from './idempotency-key.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Makes `application/json` the only media type that a body may have. */
export function registerJsonBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, bytes: Buffer) => {
      noteBody(request, bytes);
      return bytes.length === 0 ? undefined : parseBody(bytes);
    },
  );
}

function parseBody(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (error) {
    throw new ServiceError('malformed-json', {}, { cause: error });
  }
  try {
    return parseStrictJson(text);
  } catch (error) {
    if (error instanceof StrictJsonError) throw new ServiceError('malformed-json', {}, { cause: error });
    throw error;
  }
}
