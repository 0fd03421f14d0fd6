/**
 * @file Serves one operation of the contract: its method, paths, schemas, body limit and who may call.
 * Handlers are typed by the contract, and what they return goes out through its success schema only.
 */
import {
  type AnswerOf,
  type BodyOf,
  DEFAULT_BODY_LIMIT_BYTES,
  type ParamsOf,
  type QueryOf,
  type RouteContract,
} from '@zkvault/contract';
import type {
  FastifyContextConfig,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  preValidationAsyncHookHandler,
} from 'fastify';
import { claimOf } from './actor.ts';

/** A request whose parts have been checked against the contract. */
export type ContractRequest<Route extends RouteContract> = Omit<FastifyRequest, 'body' | 'params' | 'query'> &
  FastifyRequest & {
    readonly body: BodyOf<Route>;
    readonly params: ParamsOf<Route>;
    readonly query: QueryOf<Route>;
  };

/**
 * Answers one operation. The reply is for headers (`ETag`, cookies); the status is the contract's.
 * It refuses by throwing a ServiceError.
 */
export type ContractHandler<Route extends RouteContract> = (
  request: ContractRequest<Route>,
  reply: FastifyReply,
) => Promise<AnswerOf<Route> extends undefined ? void : AnswerOf<Route>>;

/** What a route carries for the guards and the tests; see {@link contractOf}. */
interface RouteConfig {
  readonly contract?: RouteContract;
  readonly provesClaim?: boolean;
}

/** The contract of the route that a request matched; undefined for pages, documents and unknown routes. */
export function contractOf(request: FastifyRequest): RouteContract | undefined {
  return (request.routeOptions.config as RouteConfig | undefined)?.contract;
}

/** True if the handler of the matched route proves who asks, and the guard need not: [Note: Claims]. */
export function provesClaim(request: FastifyRequest): boolean {
  return (request.routeOptions.config as RouteConfig | undefined)?.provesClaim === true;
}

/** What a route carries, for {@link contractOf} to find. */
export function contractConfig(contract: RouteContract, options: RouteOptions = {}): FastifyContextConfig {
  return { contract, ...options };
}

/** How an operation is served. */
export interface RouteOptions {
  /** True if the handler proves the claim of the request, with `markProven`, before it answers. */
  readonly provesClaim?: boolean;
}

/** Serves an operation under its path and its aliases. */
export function contractRoute<Route extends RouteContract>(
  app: FastifyInstance,
  contract: Route,
  handler: ContractHandler<Route>,
  routeOptions: RouteOptions = {},
): void {
  const { success } = contract;
  const options = {
    method: contract.method,
    config: contractConfig(contract, routeOptions),
    bodyLimit: contract.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES,
    preValidation: preparations(contract),
    schema: {
      ...(contract.params === undefined ? {} : { params: contract.params }),
      ...(contract.query === undefined ? {} : { querystring: contract.query }),
      ...(contract.headers === undefined ? {} : { headers: contract.headers }),
      ...(contract.body === undefined ? {} : { body: contract.body }),
      ...('body' in success ? { response: { [success.status]: success.body } } : {}),
    },
  };
  for (const url of [contract.path, ...(contract.aliases ?? [])])
    app.route({
      ...options,
      url,
      handler: async (request, reply) => {
        const answer = await handler(request as ContractRequest<Route>, reply);
        if (claimOf(request) !== undefined) throw new TypeError('this route did not prove who asks');
        reply.code(success.status);
        return answer;
      },
    });
}

function preparations({ body, query }: RouteContract): preValidationAsyncHookHandler[] {
  const hooks: preValidationAsyncHookHandler[] = [];
  if (body !== undefined && (body.required ?? []).length === 0) hooks.push(readNoBodyAsEmpty);
  const integers = Object.entries(query?.properties ?? {}).flatMap(([name, schema]) =>
    schema['type'] === 'integer' ? [name] : [],
  );
  if (integers.length > 0)
    hooks.push(async (request) => {
      readIntegers(request.query as Record<string, unknown>, integers);
    });
  return hooks;
}

const readNoBodyAsEmpty: preValidationAsyncHookHandler = async (request) => {
  if (request.body === undefined) request.body = {};
};

const DECIMAL = /^(?:0|[1-9]\d{0,15})$/;

/** A query is text; only plain decimal digits are read as a number, all else is left to be refused. */
function readIntegers(query: Record<string, unknown>, names: readonly string[]): void {
  for (const name of names) {
    const text = query[name];
    if (typeof text === 'string' && DECIMAL.test(text)) query[name] = Number(text);
  }
}
