/**
 * @file Serves an operation of the contract whose answer is a stream of server-sent events. It writes to the
 * socket itself: for an idle reader nothing is kept but the connection and one small record.
 */
import type { RouteContract } from '@zkvault/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { contractConfig } from './contract-route.ts';

/** An answer that goes on. */
export interface StreamedAnswer {
  attach(sink: {
    /** @returns false until `onDrain`, if nothing more should be written. */
    write(text: string): boolean;
    end(text: string): void;
    destroy(): void;
  }): void;
  /** The connection takes more. */
  onDrain(): void;
  /** The connection is gone; called once. */
  onClose(): void;
}

/** Proxies such as nginx would keep events back until a buffer is full. */
const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'x-accel-buffering': 'no',
} as const;

/**
 * Serves a stream under its path. There is no HEAD: it would have to open one.
 *
 * @param open refuses by throwing a ServiceError; after it has returned, the answer is a success.
 */
export function contractStream(
  app: FastifyInstance,
  contract: RouteContract,
  open: (request: FastifyRequest) => Promise<StreamedAnswer>,
): void {
  app.route({
    method: contract.method,
    url: contract.path,
    exposeHeadRoute: false,
    config: contractConfig(contract),
    schema: contract.headers === undefined ? {} : { headers: contract.headers },
    async handler(request, reply) {
      const answer = await open(request);
      const { raw } = reply;
      reply.hijack();
      // The reader may have left while its stream was made ready.
      if (raw.destroyed) return answer.onClose();
      raw.once('close', () => answer.onClose());
      raw.on('drain', () => answer.onDrain());
      for (const [name, value] of Object.entries({ ...reply.getHeaders(), ...STREAM_HEADERS }))
        if (value !== undefined) raw.setHeader(name, value);
      raw.writeHead(contract.success.status);
      answer.attach({
        write: (text) => raw.write(text),
        end: (text) => void raw.end(text),
        destroy: () => void raw.destroy(),
      });
    },
  });
}
