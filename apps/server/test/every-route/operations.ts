/** @file Every operation of the contract under every path, as the tests that walk all of them see it. */
import { allRoutes, type RouteContract } from '@zkvault/contract';

/** A route under one of its paths. */
export interface Operation {
  readonly route: RouteContract;
  readonly path: string;
  /** Method and path, for titles. */
  readonly name: string;
}

/** A parameter of a path: its name, and the segment before it, which says what it is the id of. */
export interface PathParameter {
  readonly name: string;
  readonly kind: string;
}

const everyOperation: readonly Operation[] = allRoutes.flatMap((route) =>
  [route.path, ...(route.aliases ?? [])].map((path) => ({ route, path, name: `${route.method} ${path}` })),
);

/** True of a route whose answer never ends: it can be refused like others, and has tests of its own. */
export function isStream({ route }: Operation): boolean {
  return 'events' in route.success;
}

/** All operations whose answers end, aliases among them. */
export const operations: readonly Operation[] = everyOperation.filter((operation) => !isStream(operation));

/** Those of all that ask who calls, streams among them. */
export const guardedOperations: readonly Operation[] = everyOperation.filter(
  ({ route }) => route.auth !== 'none',
);

/** Those of them that ask for the token of a session: not what is for API keys alone. */
export const sessionOperations: readonly Operation[] = guardedOperations.filter(
  ({ route }) => route.auth === 'session',
);

/** The parameters of a path, in order. */
export function parametersOf(path: string): readonly PathParameter[] {
  return [...path.matchAll(/([^/]+)\/:(\w+)/g)].map(([, kind = '', name = '']) => ({ kind, name }));
}

/** The path with its parameters filled in, percent-encoded only where `value` does so itself. */
export function fillPath(path: string, value: (parameter: PathParameter) => string): string {
  return path.replaceAll(
    /([^/]+)\/:(\w+)/g,
    (_, kind: string, name: string) => `${kind}/${value({ kind, name })}`,
  );
}
