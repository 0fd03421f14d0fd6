/** @file What operators and probes ask. */
import { Type } from '@sinclair/typebox';
import { defineRoute } from './route.ts';

/** The process answers. */
export const livez = defineRoute({
  operationId: 'livez',
  method: 'GET',
  path: '/livez',
  tag: 'operations',
  summary: 'Is the process alive',
  auth: 'none',
  rateLimit: 'none',
  success: { status: 200, body: Type.Object({ status: Type.Literal('alive') }) },
  refusals: [],
});

/** The process can do its work: database reachable, migrations current, not overloaded. */
export const readyz = defineRoute({
  operationId: 'readyz',
  method: 'GET',
  path: '/readyz',
  tag: 'operations',
  summary: 'Can the server do its work',
  auth: 'none',
  rateLimit: 'none',
  success: { status: 200, body: Type.Object({ status: Type.Literal('ready') }) },
  refusals: ['stopping'],
});

/** Status and version. */
export const health = defineRoute({
  operationId: 'health',
  method: 'GET',
  path: '/health',
  tag: 'operations',
  summary: 'Status and version',
  auth: 'none',
  rateLimit: 'none',
  success: {
    status: 200,
    body: Type.Object({ status: Type.Literal('healthy'), version: Type.String() }),
  },
  refusals: ['stopping'],
});
