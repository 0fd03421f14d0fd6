/** @file Makes the OpenAPI 3.1 document out of the routes. */
import type { TObject, TSchema } from '@sinclair/typebox';
import { allRoutes } from './all-routes.ts';
import { exampleOf, exampleOfProblem } from './examples.ts';
import { commonProblems, Problem, type ProblemCode, problems } from './problems.ts';
import { DEFAULT_BODY_LIMIT_BYTES, type RouteContract } from './route.ts';

type Json = { readonly [key: string]: unknown };

/**
 * Builds the document. Schemas with a title become components; the rest stays in place.
 *
 * @param info.version version of the server or package, semver.
 */
export function buildOpenApi(info: { readonly version: string }): Json {
  const components: Record<string, unknown> = {};
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of allRoutes) {
    for (const path of [route.path, ...(route.aliases ?? [])]) {
      const key = path.replaceAll(/:(\w+)/g, '{$1}');
      paths[key] = { ...paths[key], [route.method.toLowerCase()]: operation(route, path, components) };
    }
  }
  hoist(Problem, components);
  return {
    openapi: '3.1.0',
    info: {
      title: 'zkvault',
      version: info.version,
      description: 'A vault server that stores only ciphertext. The cryptography is in docs/protocol.md.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths,
    components: {
      schemas: components,
      examples: problemExamples(),
      headers: limitHeaders,
      securitySchemes: {
        session: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        apiKey: {
          type: 'apiKey',
          in: 'header',
          name: 'X-API-Key',
          description: '`zkv_<id>_<auth half>`: the first 84 characters of an API key, never the rest.',
        },
      },
    },
  };
}

function operation(route: RouteContract, path: string, components: Record<string, unknown>): Json {
  const alias = path === route.path ? '' : 'Alias';
  return {
    operationId: `${route.operationId}${alias}`,
    tags: [route.tag],
    summary: route.summary,
    ...descriptionOf(route),
    security: securityOf(route),
    parameters: [
      ...parameters(route.params, 'path', components),
      ...parameters(route.query, 'query', components),
      ...parameters(route.headers, 'header', components),
    ],
    ...(route.body === undefined ? {} : { requestBody: requestBody(route, route.body, components) }),
    responses: { ...success(route, components), ...refusals(route) },
  };
}

/** Any one of these will do. */
function securityOf({ auth, apiKeyScope }: RouteContract): readonly Json[] {
  if (auth === 'none') return [];
  if (auth === 'api-key') return [{ apiKey: [] }];
  return [{ session: [] }, ...(apiKeyScope === undefined ? [] : [{ apiKey: [] }])];
}

function descriptionOf({ description, permission, apiKeyScope }: RouteContract): Json {
  const needs = [
    ...(permission === undefined ? [] : [`Needs the permission \`${permission}\`.`]),
    ...(apiKeyScope === undefined ? [] : [`An API key needs the scope \`${apiKeyScope}\`.`]),
  ];
  const sentences = [...(description === undefined ? [] : [description]), ...needs];
  return sentences.length === 0 ? {} : { description: sentences.join(' ') };
}

function parameters(
  schema: TObject | undefined,
  place: string,
  components: Record<string, unknown>,
): readonly Json[] {
  if (schema === undefined) return [];
  return Object.entries(schema.properties).map(([name, value]) => ({
    name,
    in: place,
    required: schema.required?.includes(name) ?? false,
    schema: hoist(value, components),
    example: exampleOf(value, name),
  }));
}

function requestBody(route: RouteContract, body: TObject, components: Record<string, unknown>): Json {
  return {
    required: true,
    description: `At most ${route.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES} bytes.`,
    content: { 'application/json': { schema: hoist(body, components), example: exampleOf(body) } },
  };
}

function success(route: RouteContract, components: Record<string, unknown>): Json {
  const own = Object.entries(route.successHeaders ?? {}).map(([name, description]) => [
    name,
    { description, schema: { type: 'string' } },
  ]);
  const headers = [...own, ...(route.rateLimit === 'none' ? [] : headerReferences(COUNTED_HEADERS))];
  const common = {
    description: route.summary,
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
  };
  if ('events' in route.success) {
    const content = { 'text/event-stream': { schema: eventStream(route.success.events, components) } };
    return { [route.success.status]: { ...common, content } };
  }
  if (route.success.status === 204) return { 204: common };
  const { body } = route.success;
  const content = { 'application/json': { schema: hoist(body, components), example: exampleOf(body) } };
  return { [route.success.status]: { ...common, content } };
}

/** OpenAPI 3.1 has no word for a stream: it is text, and its data are told beside it. */
function eventStream(events: Readonly<Record<string, TSchema>>, components: Record<string, unknown>): Json {
  const names = Object.keys(events).map((name) => `\`${name}\``);
  return {
    type: 'string',
    description: `Server-sent events (WHATWG HTML, section 9.2), named ${names.join(' and ')}; the data of each is JSON.`,
    contentSchema: { anyOf: Object.values(events).map((schema) => hoist(schema, components)) },
  };
}

function refusals(route: RouteContract): Json {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of [...route.refusals, ...commonProblems]) {
    const { status } = problems[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: `\`${codes.join('`, `')}\``,
        ...(status === problems['rate-limited'].status
          ? { headers: Object.fromEntries(headerReferences(Object.keys(limitHeaders))) }
          : {}),
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(
              codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]),
            ),
          },
        },
      },
    ]),
  );
}

/** One example of each refusal, to which the routes that may answer it refer. */
function problemExamples(): Json {
  const used = new Set(allRoutes.flatMap(({ refusals: own }) => [...own, ...commonProblems]));
  return Object.fromEntries(
    [...used]
      .toSorted()
      .map((code) => [code, { summary: problems[code].title, value: exampleOfProblem(code) }]),
  );
}

const COUNTED_HEADERS = ['RateLimit', 'RateLimit-Policy'];

/** What answers say about the limit that a request was counted under. */
const limitHeaders = {
  RateLimit: {
    description:
      'Structured field: how many requests are left (`r`), for how many seconds (`t`), such as `"session";r=599;t=60`.',
    schema: { type: 'string' },
  },
  'RateLimit-Policy': {
    description:
      'Structured field: how many requests are allowed (`q`) in how many seconds (`w`), such as `"session";q=600;w=60`.',
    schema: { type: 'string' },
  },
  'Retry-After': {
    description: 'Seconds until the next request is allowed.',
    schema: { type: 'integer', minimum: 1 },
  },
};

function headerReferences(names: readonly string[]): readonly (readonly [string, Json])[] {
  return names.map((name) => [name, { $ref: `#/components/headers/${name}` }]);
}

/** Replaces every titled schema below by a reference and puts it among the components. */
function hoist(schema: TSchema, components: Record<string, unknown>): unknown {
  const plain = hoistChildren(schema, components);
  if (typeof schema.title !== 'string') return plain;
  components[schema.title] = plain;
  return { $ref: `#/components/schemas/${schema.title}` };
}

function hoistChildren(schema: TSchema, components: Record<string, unknown>): unknown {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties') {
      const properties = Object.entries(value as Record<string, TSchema>);
      result[key] = Object.fromEntries(properties.map(([name, child]) => [name, hoist(child, components)]));
    } else if (key === 'anyOf') result[key] = (value as TSchema[]).map((child) => hoist(child, components));
    else if (key === 'items') result[key] = hoist(value as TSchema, components);
    else result[key] = value;
  }
  return result;
}
