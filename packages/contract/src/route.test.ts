import type { Static, TSchema } from '@sinclair/typebox';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { allRoutes } from './all-routes.ts';
import type { login, logout, refresh } from './auth.ts';
import type { getEntry, listEntries } from './entries.ts';
import type { Entry } from './entry-fields.ts';
import { commonProblems, type ProblemCode } from './problems.ts';
import type { AnswerOf, BodyOf, ParamsOf, QueryOf, RouteContract } from './route.ts';

const named = allRoutes.map((route) => [route.operationId, route] as const);

describe('every route', () => {
  it('has its own name and its own method and path', () => {
    const addresses = allRoutes.flatMap((route) =>
      [route.path, ...(route.aliases ?? [])].map((path) => `${route.method} ${path}`),
    );

    expect(new Set(allRoutes.map((route) => route.operationId)).size).toBe(allRoutes.length);
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  it.for(named)('closes what is asked: %s', ([, route]) => {
    const schemas = [route.body, route.params, route.query].filter((schema) => schema !== undefined);

    expect(schemas.flatMap(openObjects)).toEqual([]);
  });

  it.for(named)('declares the parameters of its path: %s', ([, route]) => {
    const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name);

    expect(Object.keys(route.params?.properties ?? {})).toEqual(inPath);
  });

  it.for(named)('refuses tokens with invalid-token where it needs a session: %s', ([, route]) => {
    if (route.auth === 'session') expect(route.refusals).toContain('invalid-token');
    expect(route.refusals.filter((code) => commonProblems.includes(code))).toEqual([]);
    expect(new Set(route.refusals).size).toBe(route.refusals.length);
  });

  it.for(named)(
    'takes API keys only where it says so, and then says how it refuses them: %s',
    ([, route]) => {
      const takesThem = route.auth === 'api-key' || route.apiKeyScope !== undefined;

      if (route.apiKeyScope !== undefined) expect(route.auth).toBe('session');
      expect(route.refusals.includes('invalid-api-key')).toBe(takesThem);
      expect(route.refusals.includes('insufficient-scope')).toBe(route.apiKeyScope !== undefined);
    },
  );

  it('takes an API key for changes, commits, versions and plain entries, by the scope that fits, and for no more', () => {
    const scopes = allRoutes.flatMap(({ operationId, apiKeyScope }) =>
      apiKeyScope === undefined ? [] : [[operationId, apiKeyScope]],
    );

    expect(Object.fromEntries(scopes)).toEqual({
      commitVault: 'entries:write',
      getChanges: 'entries:read',
      listEntryVersions: 'entries:read',
      createEntry: 'entries:write',
      listEntries: 'entries:read',
      getEntry: 'entries:read',
      replaceEntry: 'entries:write',
      deleteEntry: 'entries:write',
    });
  });

  it.for(named)('says what a session must be allowed, and that it may be refused: %s', ([, route]) => {
    // Whoever owns an entry may delete it, whatever the role.
    const isForEveryRole = route.auth === 'none' || route.operationId === 'deleteEntry';

    expect(route.permission === undefined).toBe(isForEveryRole);
    expect(route.refusals.includes('insufficient-permission')).toBe(route.permission !== undefined);
  });

  it.for(named)('bounds every text, list and number that is asked: %s', ([, route]) => {
    const schemas = [route.body, route.params, route.query, route.headers].filter(
      (schema) => schema !== undefined,
    );

    expect(schemas.flatMap(unboundedParts)).toEqual([]);
  });
});

describe('the types of a route', () => {
  it('follow from its schemas', () => {
    expectTypeOf<AnswerOf<typeof getEntry>>().toEqualTypeOf<Static<typeof Entry>>();
    expectTypeOf<AnswerOf<typeof logout>>().toEqualTypeOf<undefined>();
    expectTypeOf<BodyOf<typeof getEntry>>().toEqualTypeOf<undefined>();
    expectTypeOf<BodyOf<typeof refresh>>().toEqualTypeOf<{ refreshToken?: string }>();
    expectTypeOf<ParamsOf<typeof getEntry>>().toEqualTypeOf<{ id: string }>();
    expectTypeOf<ParamsOf<typeof login>>().toEqualTypeOf<undefined>();
    expectTypeOf<QueryOf<typeof listEntries>>().toEqualTypeOf<{ limit?: number; cursor?: string }>();
    expectTypeOf<QueryOf<typeof login>>().toEqualTypeOf<undefined>();
  });

  it('have no room for a code that no table knows', () => {
    expectTypeOf<RouteContract['refusals'][number]>().toEqualTypeOf<ProblemCode>();
    expectTypeOf<'tea-pot'>().not.toExtend<ProblemCode>();
  });
});

/** The objects in a schema that would take unknown fields. */
function openObjects(schema: TSchema): readonly TSchema[] {
  const here = schema['type'] === 'object' && schema['additionalProperties'] !== false ? [schema] : [];
  return [...here, ...children(schema).flatMap(openObjects)];
}

function unboundedParts(schema: TSchema): readonly TSchema[] {
  const unbounded =
    (schema['type'] === 'string' && schema['const'] === undefined && schema['maxLength'] === undefined) ||
    (schema['type'] === 'array' && schema['maxItems'] === undefined) ||
    (schema['type'] === 'integer' && schema['maximum'] === undefined);
  return [...(unbounded ? [schema] : []), ...children(schema).flatMap(unboundedParts)];
}

function children(schema: TSchema): readonly TSchema[] {
  return [
    ...Object.values((schema['properties'] ?? {}) as Record<string, TSchema>),
    ...((schema['anyOf'] ?? []) as readonly TSchema[]),
    ...(schema['items'] === undefined ? [] : [schema['items'] as TSchema]),
  ];
}
