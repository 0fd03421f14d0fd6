/** @file Streams of server-sent events in tests: every event is checked against the contract, and none hangs. */
import { allRoutes, type DecodeError, decode, type RouteContract } from '@zkvault/contract';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { contractOf } from '../src/http/contract-route.ts';

type StreamContract = RouteContract & {
  readonly success: Extract<RouteContract['success'], { readonly events: unknown }>;
};

function hasEvents(contract: RouteContract): contract is StreamContract {
  return 'events' in contract.success;
}

/** True if a request asks for a stream, whose answer does not end by itself. */
export function isStream({ method = 'GET', url }: Pick<InjectOptions, 'method' | 'url'>): boolean {
  const path = typeof url === 'string' ? url.split('?')[0] : url?.pathname;
  return allRoutes.some((route) => hasEvents(route) && route.path === path && route.method === method);
}

/** Sends a request for a stream, reads a refusal whole, and leaves a stream as soon as it has begun. */
export async function readOpening(
  app: FastifyInstance,
  request: InjectOptions,
): Promise<LightMyRequestResponse> {
  const response = await app.inject({ ...request, payloadAsStream: true });
  const stream = response.stream();
  if (response.statusCode < 400) {
    response.raw.res.destroy();
    stream.on('error', () => {}).destroy();
    return response;
  }
  let body = '';
  for await (const chunk of stream) body += String(chunk);
  return Object.assign(response, { body, payload: body, json: () => JSON.parse(body) as never });
}

/** Notes every event that the contract of its stream does not declare. */
export function checkStreams(app: FastifyInstance, violations: string[]): void {
  app.addHook('preHandler', async (request, reply) => {
    const contract = contractOf(request);
    if (contract === undefined || !hasEvents(contract)) return;
    const { raw } = reply;
    for (const name of ['write', 'end'] as const) {
      const original = raw[name].bind(raw) as (chunk?: unknown) => never;
      raw[name] = (chunk?: unknown) => {
        // Of a refusal there is nothing to be checked here.
        if (typeof chunk === 'string' && raw.statusCode < 400)
          for (const block of chunk.split('\n\n').filter((text) => text !== '')) {
            const violation = findViolation(contract, block);
            if (violation !== undefined) violations.push(`${contract.operationId}: ${violation}`);
          }
        return original(chunk);
      };
    }
  });
}

function findViolation({ success }: StreamContract, block: string): string | undefined {
  if (/^(?:retry: \d+|:)$/.test(block)) return undefined;
  const [, name, data] = /^(?:id: [\w-]{1,64}\n)?event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
  const schema = name === undefined ? undefined : success.events[name];
  if (schema === undefined || data === undefined) return `"${block}" is no event of the contract`;
  try {
    decode(schema, JSON.parse(data));
    return undefined;
  } catch (error) {
    return (error as DecodeError).message;
  }
}
