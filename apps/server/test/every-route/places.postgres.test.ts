/**
 * Wrong methods, spellings of a path that are nearly right, and caches that take an answer for a file
 * (F12 of the adversary list: web cache deception). What is not exactly a route is 404, and nothing may
 * keep any answer. The walk is made from the contract.
 */
import type { Problem } from '@zkvault/contract';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../test-server.ts';
import { makeCast } from './cast.ts';
import { boundedBy, faultsOf } from './conforming.ts';
import { fillPath, operations } from './operations.ts';
import { rightRequest, roleFor } from './requests.ts';

const server = await startTestServer();
afterAll(() => server.close());
const givenMember = await makeCast(server);
const member = await givenMember('admin');

type Method = NonNullable<InjectOptions['method']>;
const methods = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
] as const satisfies readonly Method[];
const paths = [...new Set(operations.map(({ path }) => path))];
const served = new Set(operations.map(({ name }) => name));

function send(method: Method, url: string): Promise<LightMyRequestResponse> {
  return boundedBy(server.send({ method, url, as: member }), `${method} ${url}`);
}

const filled = (path: string): string => fillPath(path, ({ kind }) => member.ids[kind] ?? '');

describe('a method that the contract does not have for a path', () => {
  const wrong = paths.flatMap((path) =>
    methods.filter((method) => !served.has(`${method} ${path}`)).map((method) => ({ method, path })),
  );

  it('is tried for every path', () => {
    expect(new Set(wrong.map(({ path }) => path)).size).toBe(paths.length);
  });

  it.for(paths)('is no route: %s', async (path) => {
    for (const { method } of wrong.filter((each) => each.path === path)) {
      const response = await send(method, filled(path));

      expect(faultsOf(response), method).toEqual([]);
      // Fastify answers HEAD where there is a GET: the same, without the body.
      if (method === 'HEAD' && served.has(`GET ${path}`)) {
        const { statusCode, headers } = await send('GET', filled(path));
        expect([response.statusCode, response.body]).toEqual([statusCode, '']);
        expect(Object.keys(response.headers).toSorted()).toEqual(Object.keys(headers).toSorted());
      } else if (isAnIdOf(method, path)) {
        // A word where another path has an id: that path is served, and the word is no id.
        expect([401, 422], method).toContain(response.statusCode);
      } else {
        expect(response.statusCode, method).toBe(404);
        if (method !== 'HEAD') expect(response.json<Problem>().code).toBe('route-not-found');
      }
    }
  });
});

/** True if the last word of a path stands where a path of this method has an id. */
function isAnIdOf(method: string, path: string): boolean {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  return !path.startsWith(`${folder}:`) && served.has(`${method} ${folder}:id`);
}

/** Ways in which a proxy or a cache may spell a path, and what follows the path's own last segment. */
const spellings: Readonly<Record<string, (url: string) => string>> = {
  'a slash at the end': (url) => `${url}/`,
  'an encoded slash at the end': (url) => `${url}%2f`,
  'two slashes inside': (url) => url.replace(/\/([^/]*)$/, '//$1'),
  'an encoded slash inside': (url) => url.replace(/\/([^/]*)$/, '%2F$1'),
  'a slash encoded twice': (url) => url.replace(/\/([^/]*)$/, '%252F$1'),
  'a backslash inside': (url) => url.replace(/\/([^/]*)$/, '%5C$1'),
  'the name of a style sheet': (url) => `${url}/x.css`,
  'an encoded name of a style sheet': (url) => `${url}%2Fx.css`,
  'the ending of a style sheet': (url) => `${url}.css`,
  'the ending of an image': (url) => `${url}.png`,
  'a parameter of a segment': (url) => `${url};x.css`,
  'a NUL and an ending': (url) => `${url}%00.css`,
  'a line end and an ending': (url) => `${url}%0a.css`,
  'a question mark encoded': (url) => `${url}%3fx.css`,
  'a fragment encoded': (url) => `${url}%23x.css`,
  'a space at the end': (url) => `${url}%20`,
  capitals: (url) => url.replace(/[a-z]{3,}/, (word) => word.toUpperCase()),
  'a dot at the end': (url) => `${url}.`,
  'a segment before': (url) => `/x${url}`,
};

describe('a path that is nearly right', () => {
  it.for(paths)('is no route, or at most names a thing that is not there: %s', async (path) => {
    for (const [spelling, spell] of Object.entries(spellings)) {
      const url = spell(filled(path));
      const method = operations.find((operation) => operation.path === path)?.route.method ?? 'GET';
      const response = await send(method, url);

      expect(faultsOf(response), spelling).toEqual([]);
      // Where the last segment is an id, or a sibling takes one, a wrong spelling is a wrong id.
      expect([404, 422], `${spelling}: ${url}`).toContain(response.statusCode);
    }
  });

  it.for(['/%', '/%zz', '/api/v1/entries/%', '/api/v1/entries/%c0%ae', '/api/v1/%ff', '/%E0%A4%A'])(
    'that cannot be decoded is refused as such: %s',
    async (url) => {
      const response = await send('GET', url);

      expect([response.statusCode, ...faultsOf(response)]).toEqual([400]);
    },
  );
});

describe('an answer', () => {
  it.for(operations.map((operation) => [operation.name, operation] as const))(
    'may be kept by nobody and is nothing but JSON: %s',
    async ([, operation]) => {
      const as = await givenMember(roleFor(operation.route));
      const right = await server.send({ ...rightRequest(operation, as), as });
      const refused = await server.send({ method: operation.route.method, url: `${operation.path}?nope=1` });

      for (const response of [right, refused]) {
        expect(faultsOf(response)).toEqual([]);
        expect(response.headers['cache-control']).toBe('no-store');
        if (response.body !== '')
          expect(response.headers['content-type']).toMatch(
            /^application\/(?:problem\+)?json; charset=utf-8$/,
          );
        expect(response.headers).not.toHaveProperty('access-control-allow-origin');
      }
    },
  );

  it('of a page of another origin is not readable by it, nor is its preflight answered', async () => {
    const headers = {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    };
    for (const path of paths) {
      const preflight = await server.send({ method: 'OPTIONS', url: filled(path), headers });

      expect(preflight.statusCode).toBe(404);
      expect(Object.keys(preflight.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });
});
