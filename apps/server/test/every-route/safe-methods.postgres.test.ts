/** A request that only asks changes nothing: what a link, an image or a prefetch can send has no effect. */
import { afterAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../test-server.ts';
import { makeCast } from './cast.ts';
import { databaseState } from './database-state.ts';
import { operations } from './operations.ts';
import { rightRequest, roleFor } from './requests.ts';

const server = await startTestServer();
afterAll(() => server.close());
const givenMember = await makeCast(server);
// The route for an API key about itself notes its use, by design; a browser never sends one by itself.
const asking = operations.filter(({ route }) => route.method === 'GET' && route.auth !== 'api-key');

describe('a method that only asks', () => {
  it('is that of several routes', () => {
    expect(asking.length).toBeGreaterThan(12);
  });

  it.for(asking.map((operation) => [operation.name, operation] as const))(
    'changes nothing: %s',
    async ([, operation]) => {
      const as = await givenMember(roleFor(operation.route));
      const request = rightRequest(operation, as);
      const before = await databaseState(server.db);

      const statuses = [];
      for (const method of ['GET', 'HEAD', 'OPTIONS'] as const)
        statuses.push((await server.send({ ...request, method, as })).statusCode);

      expect(statuses[0]).toBeLessThan(300);
      expect(await databaseState(server.db)).toBe(before);
    },
  );
});
