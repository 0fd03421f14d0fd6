/// <reference types="node" />
import { readFileSync } from 'node:fs';
import type { TSchema } from '@sinclair/typebox';
import { describe, expect, it } from 'vitest';
import { allRoutes } from './all-routes.ts';
import { decode } from './decode.ts';
import { buildOpenApi } from './openapi.ts';
import { commonProblems, Problem, type ProblemCode, problems } from './problems.ts';

type Content = Readonly<
  Record<string, { readonly example?: unknown; readonly examples?: Readonly<Record<string, unknown>> }>
>;

interface Operation {
  readonly operationId: string;
  readonly security: readonly unknown[];
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly example?: unknown;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly content?: Content;
        readonly headers?: Readonly<Record<string, unknown>>;
      }
    >
  >;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, unknown>>;
    readonly examples: Readonly<Record<string, { readonly value: unknown }>>;
  };
}

const document = buildOpenApi({ version: '1.2.3' }) as unknown as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe('OpenAPI document', () => {
  it('is the committed one', () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      readonly version: string;
    };
    const committed: unknown = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'));

    expect(committed).toEqual(JSON.parse(JSON.stringify(buildOpenApi({ version }))));
  });

  it('is OpenAPI 3.1 with the version asked for', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info.version).toBe('1.2.3');
  });

  it('has every route and every other path of it, under one name each', () => {
    const expected = allRoutes.reduce((count, route) => count + 1 + (route.aliases?.length ?? 0), 0);
    const names = operations.map(({ operation }) => operation.operationId);

    expect(operations).toHaveLength(expected);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('refreshAlias');
  });

  it('declares every parameter of a path, and no other', () => {
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = operation.parameters.filter((parameter) => parameter.in === 'path');

      expect(declared.map(({ name }) => name)).toEqual(inPath);
      expect(declared.every(({ required }) => required)).toBe(true);
    }
  });

  it('answers refusals only with problems, every declared one among them', () => {
    for (const { operation } of operations) {
      const route = allRoutes.find(({ operationId }) => operation.operationId.startsWith(operationId));
      const wanted = [...commonProblems, ...(route?.refusals ?? [])].map(
        (code) => `${problems[code].status}`,
      );
      const refused = Object.entries(operation.responses).filter(([status]) => Number(status) >= 400);

      expect(new Set(refused.map(([status]) => status))).toEqual(new Set(wanted));
      for (const [, response] of refused)
        expect(Object.keys(response.content ?? {})).toEqual(['application/problem+json']);
    }
  });

  it('says of every counted answer, and of every refusal by a limit, what is left', () => {
    const headersOf = (operation: Operation, status: string) =>
      Object.keys(operation.responses[status]?.headers ?? {});

    for (const { operation, path } of operations) {
      const success = Object.keys(operation.responses).find((status) => status.startsWith('2')) ?? '';
      const isCounted = !['/livez', '/readyz', '/health'].includes(path);

      expect(headersOf(operation, success).includes('RateLimit')).toBe(isCounted);
      expect(headersOf(operation, '429')).toEqual(['RateLimit', 'RateLimit-Policy', 'Retry-After']);
    }
  });

  it('asks for a session exactly where the contract does', () => {
    const open = operations.filter(({ operation }) => operation.security.length === 0);

    expect(open.map(({ path }) => path)).toEqual([
      '/api/v1/auth/policy',
      '/api/v1/auth/prelogin',
      '/api/v1/auth/register',
      '/api/v1/auth/login',
      '/api/v1/auth/refresh',
      '/api/v1/auth/token',
      '/api/v1/auth/logout',
      '/api/v1/auth/logout-all',
      '/api/v1/auth/recover',
      '/api/v1/auth/recover/rekey',
      '/livez',
      '/readyz',
      '/health',
    ]);
  });

  it('names the API key as a way in exactly where the contract does', () => {
    const byKey = operations.filter(({ operation }) => JSON.stringify(operation.security).includes('apiKey'));
    const alone = byKey.filter(({ operation }) => operation.security.length === 1);

    expect(byKey).toHaveLength(9);
    expect(alone.map(({ operation }) => operation.operationId)).toEqual(['getApiKeySelf']);
  });

  it('has a component for every reference, and none that nothing refers to', () => {
    const references = new Set(
      [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name),
    );

    expect(new Set(Object.keys(document.components.schemas))).toEqual(references);
  });

  it('has an example of every request, answer, parameter and refusal, and each fits its schema', () => {
    for (const { operation, path } of operations) {
      const route = allRoutes.find(
        ({ operationId }) => operationId === operation.operationId.replace(/Alias\d*$/, ''),
      );
      if (route === undefined) throw new Error(`no route of ${path}`);
      const { success } = route;
      const own = { ...route.params?.properties, ...route.query?.properties, ...route.headers?.properties };
      for (const { name, example } of operation.parameters)
        expect(decode(own[name] as TSchema, example)).toBe(example);
      if (route.body !== undefined) {
        const { example } = operation.requestBody?.content['application/json'] ?? {};
        expect(decode(route.body, example)).toEqual(example);
      }
      if ('body' in success) {
        const { example } = operation.responses[success.status]?.content?.['application/json'] ?? {};
        expect(decode(success.body, example)).toEqual(example);
      }
      const codes = Object.values(operation.responses).flatMap(({ content }) =>
        Object.keys(content?.['application/problem+json']?.examples ?? {}),
      );
      expect(new Set(codes)).toEqual(new Set([...route.refusals, ...commonProblems]));
    }
  });

  it('has an example of every refusal that a route may answer, as it is answered', () => {
    for (const [code, { value }] of Object.entries(document.components.examples)) {
      expect(decode(Problem, value)).toEqual(value);
      expect(value).toMatchObject({ code, status: problems[code as ProblemCode].status });
    }
  });

  it('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });
});
