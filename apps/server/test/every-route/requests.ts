/** @file Requests that fit the contract, made from its schemas, for any operation whatever. */
import { randomUUID } from 'node:crypto';
import type { RouteContract } from '@zkvault/contract';
import fc from 'fast-check';
import { valuesOf } from '../../../../packages/contract/test/arbitrary.ts';
import { rolePermissions } from '../../src/features/users/permissions.ts';
import type { Member } from './cast.ts';
import { fillPath, type Operation } from './operations.ts';

/** A request as `inject` takes it. */
export interface WalkRequest {
  readonly method: RouteContract['method'];
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly payload?: object | string;
}

/** The parts of a request before they are put together. */
export interface RequestParts {
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/**
 * What a field must hold for a request to get anywhere, by its name. A generated value is well-formed; only
 * these are also right.
 */
const rightValues: Readonly<Record<string, (member: Member) => unknown>> = {
  authKey: ({ authKey }) => authKey,
  recoveryAuthKey: ({ authKey }) => authKey,
  login: ({ login }) => login,
  refreshToken: ({ refreshToken }) => refreshToken,
  baseSeq: () => 1,
  version: () => 1,
  'if-match': () => '"1"',
};

/**
 * Parts that fit the schemas of a route.
 *
 * @param count how many.
 * @param seed the same seed gives the same parts.
 */
export function fittingParts(route: RouteContract, count: number, seed: number): readonly RequestParts[] {
  const part = (schema: RouteContract['body']): fc.Arbitrary<unknown> =>
    schema === undefined ? fc.constant(undefined) : valuesOf(schema);
  const parts = fc.record({ query: part(route.query), headers: part(route.headers), body: part(route.body) });
  return fc.sample(parts, { seed, numRuns: count }).map(({ query, headers, body }) => ({
    query: (query ?? {}) as RequestParts['query'],
    headers: (headers ?? {}) as RequestParts['headers'],
    body,
  }));
}

type Body = Record<string, unknown>;

/** What fields of one body must have to do with each other, which no schema says. By operation id. */
const relations: Readonly<Record<string, (body: Body, member: Member) => Body>> = {
  register: ({ akEpoch: _a, wrap: _w, accountState: _s, vaults: _v, invitation: _i, ...body }) => ({
    ...body,
    login: `user-${randomUUID()}`,
  }),
  rekey: ({ newWrap: _w, newAccountState: _s, ifSeq: _i, newLogin: _l, ...body }) => body,
  enrolRecovery: ({ accountState: _, ...body }) => body,
  removeRecovery: ({ accountState: _, ...body }) => body,
  recover: ({ secondFactor: _, ...body }) => body,
  createVault: ({ vault }) => ({ vault: { ...(vault as Body), integrity: 'none', manifest: null } }),
  replaceVault: ({ accountState: _, ...body }) => ({ ...body, vkEpoch: 2 }),
  commitVault: ({ operations }, { ids }) => ({
    baseSeq: 1,
    operations: (operations as Body[])
      .slice(0, 1)
      .map((each) =>
        each['op'] === 'put'
          ? { ...each, version: 1, vkEpoch: 1 }
          : { ...each, id: ids['entries'], version: 2 },
      ),
  }),
};

/** The same parts with the values that are right for a member. */
export function withRightValues(
  parts: RequestParts,
  member: Member,
  { operationId }: RouteContract,
): RequestParts {
  const body = replaceByName(parts.body, member);
  const relate = relations[operationId];
  return {
    query: parts.query,
    headers: replaceByName(parts.headers, member) as RequestParts['headers'],
    body: relate === undefined ? body : relate(body as Body, member),
  };
}

function replaceByName(value: unknown, member: Member): unknown {
  if (Array.isArray(value)) return value.map((item) => replaceByName(item, member));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => {
      const right = rightValues[name];
      return [name, right === undefined ? replaceByName(child, member) : right(member)];
    }),
  );
}

/** One request that is right in every way for a member, with all that its route can take. */
export function rightRequest({ route, path }: Operation, member: Member): WalkRequest {
  const [parts] = fittingParts(allRequired(route), 1, 1);
  const { headers, body, query } = withRightValues(
    parts ?? { query: {}, headers: {}, body: undefined },
    member,
    route,
  );
  const url = fillPath(path, ({ kind }) => member.ids[kind] ?? '');
  const search = searchOf(Object.entries(query));
  return {
    method: route.method,
    url: search === '' ? url : `${url}?${search}`,
    headers: { ...headers },
    ...(body === undefined ? {} : { payload: body as object }),
  };
}

/** A query string. */
export function searchOf(pairs: readonly (readonly [string, unknown])[]): string {
  return pairs
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join('&');
}

/** Headers are all sent; of the query and the body only what must be there. */
export function allRequired(route: RouteContract): RouteContract {
  const without = (schema: RouteContract['body']): RouteContract['body'] => {
    if (schema === undefined) return undefined;
    const required = new Set(schema.required ?? []);
    const properties = Object.entries(schema.properties).filter(([name]) => required.has(name));
    return { ...schema, properties: Object.fromEntries(properties) };
  };
  const { query, body, ...rest } = route;
  const [needed, sent] = [without(query), without(body)];
  return {
    ...rest,
    ...(needed === undefined ? {} : { query: needed }),
    ...(sent === undefined ? {} : { body: sent }),
  };
}

/** The lowest role that may call a route. */
export function roleFor({ permission }: RouteContract): Member['role'] {
  const roles = ['viewer', 'user', 'moderator', 'admin'] as const;
  return (
    roles.find((role) => permission === undefined || rolePermissions[role].includes(permission)) ?? 'admin'
  );
}
