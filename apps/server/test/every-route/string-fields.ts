/** @file Every place of a request that takes a text, found in the schemas, and how to put one there. */
import type { Member } from './cast.ts';
import type { FuzzRequest } from './fuzz.ts';
import { fillPath, type Operation, parametersOf } from './operations.ts';
import { fittingParts, searchOf, withRightValues } from './requests.ts';

type Schema = Readonly<Record<string, unknown>>;

/** One place for a text in the requests of an operation. */
export interface StringField {
  readonly operation: Operation;
  /** Where, as a problem points to it. */
  readonly pointer: string;
  /** A request that is right but for the text. */
  request(member: Member, text: string): FuzzRequest;
}

/** The places for texts of an operation: in its path, its query, its headers and its body. */
export function stringFieldsOf(operation: Operation): readonly StringField[] {
  const { route, path } = operation;
  const [parts = { query: {}, headers: {}, body: undefined }] = fittingParts(route, 1, 7);
  const build = (member: Member, change: (whole: Whole) => void): FuzzRequest => {
    const right = withRightValues(parts, member, route);
    const whole: Whole = {
      path: Object.fromEntries(
        parametersOf(path).map(({ kind, name }) => [name, encodeURIComponent(member.ids[kind] ?? '')]),
      ),
      query: { ...right.query },
      headers: { ...right.headers, authorization: `Bearer ${member.token}` },
      body: structuredClone(right.body),
    };
    change(whole);
    const url = fillPath(path, ({ name }) => whole.path[name] ?? '');
    const search = searchOf(Object.entries(whole.query));
    return {
      method: route.method,
      url: search === '' ? url : `${url}?${search}`,
      headers: {
        ...whole.headers,
        ...(route.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(route.body === undefined ? {} : { payload: JSON.stringify(whole.body) }),
    };
  };
  const field = (pointer: string, put: (whole: Whole, text: string) => void): StringField => ({
    operation,
    pointer,
    request: (member, text) => build(member, (whole) => put(whole, text)),
  });
  return [
    ...parametersOf(path).map(({ name }) =>
      field(`/path/${name}`, (whole, text) => {
        whole.path[name] = encodeURIComponent(text.toWellFormed());
      }),
    ),
    ...Object.keys(route.query?.properties ?? {}).map((name) =>
      field(`/query/${name}`, (whole, text) => {
        whole.query[name] = text.toWellFormed();
      }),
    ),
    ...Object.keys(route.headers?.properties ?? {}).map((name) =>
      field(`/headers/${name}`, (whole, text) => {
        whole.headers[name] = text;
      }),
    ),
    ...textsBelow(route.body, []).map((keys) =>
      field(`/body/${keys.join('/')}`, (whole, text) => putAt(whole, ['body', ...keys], text)),
    ),
  ];
}

interface Whole {
  readonly path: Record<string, string>;
  readonly query: Record<string, unknown>;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

/** The ways to every text below a schema; of an array the first element stands for all. */
function textsBelow(schema: Schema | undefined, keys: readonly string[]): readonly (readonly string[])[] {
  if (schema === undefined) return [];
  const branches = schema['anyOf'] as readonly Schema[] | undefined;
  if (branches !== undefined) {
    const texts = branches.some((branch) => typeof branch['const'] === 'string') ? [keys] : [];
    return unique([...texts, ...branches.flatMap((branch) => textsBelow(branch, keys))]);
  }
  if (schema['type'] === 'array') return textsBelow(schema['items'] as Schema, [...keys, '0']);
  if (schema['type'] === 'string') return [keys];
  return Object.entries((schema['properties'] ?? {}) as Record<string, Schema>).flatMap(([name, child]) =>
    textsBelow(child, [...keys, name]),
  );
}

function unique(list: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return [...new Map(list.map((keys) => [keys.join('/'), keys])).values()];
}

/** Puts a text where it belongs, and makes what is not there on the way. */
function putAt(holder: object, [key = '', ...rest]: readonly string[], text: string): void {
  const record = holder as Record<string, unknown>;
  if (rest.length === 0) {
    record[key] = text;
    return;
  }
  const child = record[key];
  if (typeof child !== 'object' || child === null) record[key] = rest[0] === '0' ? [] : {};
  putAt(record[key] as object, rest, text);
}
