/** @file One line per request, and one per access to data: who, what, how it ended. Never a body, a query string or any other header. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { addressPrefix } from '../lib/address-prefix.ts';
import { findActor, findApiKeyActor } from './actor.ts';
import { withoutCredentials } from './api-key-header.ts';
import { contractOf } from './contract-route.ts';

/** How much of an address is logged: all of it, its network, or nothing. */
export type LoggedAddress = 'full' | 'truncated' | 'none';

const USER_AGENT_CHARACTERS = 200;

/** Logs every answered request as an `http_request` event: an error from 500 on, a warning from 400 on. */
export function registerRequestLog(app: FastifyInstance, logIp: LoggedAddress): void {
  app.addHook('onResponse', async (request, reply) => {
    const { statusCode: status } = reply;
    request.log[status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info'](
      {
        event: 'http_request',
        method: request.method,
        path: withoutCredentials(pathOf(request.url)),
        status,
        duration_ms: Math.round(reply.elapsedTime * 10) / 10,
        ...addressOf(request.ip, logIp),
        user_agent: request.headers['user-agent']?.slice(0, USER_AGENT_CHARACTERS),
      },
      'request',
    );
    if (status < 400 || findApiKeyActor(request) !== undefined) logAccess(request);
  });
}

/** Whose data somebody has read or changed, by ids alone. */
function logAccess(request: FastifyRequest): void {
  const contract = contractOf(request);
  const apiKey = findApiKeyActor(request);
  const actor = findActor(request) ?? apiKey;
  if (contract === undefined || actor === undefined) return;
  const [resourceId] = Object.values((request.params ?? {}) as Record<string, string>);
  request.log.info(
    {
      event: 'data_access',
      user_id: actor.userId,
      ...(apiKey === undefined ? {} : { api_key_id: apiKey.apiKeyId }),
      resource_type: contract.tag,
      ...(resourceId === undefined ? {} : { resource_id: resourceId }),
      action: contract.operationId,
    },
    'data access',
  );
}

function addressOf(ip: string, logIp: LoggedAddress): { readonly ip?: string } {
  if (logIp === 'none') return {};
  return { ip: logIp === 'full' ? ip : addressPrefix(ip) };
}

function pathOf(url: string): string {
  const end = url.search(/[?#;]/);
  return end === -1 ? url : url.slice(0, end);
}
