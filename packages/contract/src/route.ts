/** @file What a route is: one value that feeds validation, types, the SDK and OpenAPI. */
import type { Static, TObject, TSchema } from '@sinclair/typebox';
import type { Permission } from './permissions.ts';
import type { ProblemCode } from './problems.ts';

/** Largest body of a route that does not say otherwise, in bytes. */
export const DEFAULT_BODY_LIMIT_BYTES = 131_072;

/** One operation of the API. */
export interface RouteContract {
  readonly operationId: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path with `:name` for parameters. */
  readonly path: string;
  /** Other paths of the same operation. */
  readonly aliases?: readonly string[];
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Who may call: everybody, the holder of a session's access token, or the holder of an API key. */
  readonly auth: 'none' | 'session' | 'api-key';
  /** With `auth: 'session'`: the scope with which an API key may call as well. Absent: no API key may. */
  readonly apiKeyScope?: 'entries:read' | 'entries:write';
  /** What the role of the session's account must allow; absent where every account may. */
  readonly permission?: Permission;
  /**
   * A limit of its own, per address; `none` for what is not counted. Absent: the limit of the session, or
   * of the address where no session asks.
   */
  readonly rateLimit?: 'login' | 'register' | 'refresh' | 'none';
  readonly params?: TObject;
  readonly query?: TObject;
  /** Request headers the operation reads, lower case. */
  readonly headers?: TObject;
  readonly body?: TObject;
  /** Largest body in bytes; {@link DEFAULT_BODY_LIMIT_BYTES} if absent. */
  readonly bodyLimitBytes?: number;
  readonly success:
    | { readonly status: 200 | 201; readonly body: TSchema }
    | { readonly status: 204 }
    /** A stream of server-sent events: the schema of the data of each event, by the event's name. */
    | { readonly status: 200; readonly events: Readonly<Record<string, TSchema>> };
  /** Response headers beside those that every answer has. */
  readonly successHeaders?: Readonly<Record<string, string>>;
  /** Problems beside the common ones. */
  readonly refusals: readonly ProblemCode[];
}

/** The request body of a route. */
export type BodyOf<Route extends RouteContract> = Route extends {
  readonly body: infer Schema extends TObject;
}
  ? Static<Schema>
  : undefined;

/** The path parameters of a route. */
export type ParamsOf<Route extends RouteContract> = Route extends {
  readonly params: infer Schema extends TObject;
}
  ? Static<Schema>
  : undefined;

/** The query of a route. */
export type QueryOf<Route extends RouteContract> = Route extends {
  readonly query: infer Schema extends TObject;
}
  ? Static<Schema>
  : undefined;

/** The body of a route's successful answer; undefined for 204 and for a stream. */
export type AnswerOf<Route extends RouteContract> = Route['success'] extends {
  readonly body: infer Schema extends TSchema;
}
  ? Static<Schema>
  : undefined;

/** What an operation with an `apiKeyScope` may refuse an API key with. */
export const apiKeyRefusals = ['invalid-api-key', 'insufficient-scope'] as const;

/** Keeps the literal types of a route while checking its shape. */
export function defineRoute<const Route extends RouteContract>(route: Route): Route {
  return route;
}
