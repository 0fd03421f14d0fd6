import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

describe('health', () => {
  it.for(['/livez', '/readyz', '/health'])('answers %s without a session', async (url) => {
    const response = await server.send({ url });

    expect(response.statusCode).toBe(200);
  });
});
