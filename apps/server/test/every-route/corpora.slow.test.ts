/** The whole of what corpora.postgres.test.ts takes a sample of. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeWorkQueue } from '../../src/lib/work-queue.ts';
import { readExternalFolder } from '../external.ts';
import { startTestServer, type TestServer } from '../test-server.ts';
import { makeCast } from './cast.ts';
import { expectHarmless, naughtyTexts, sendTexts } from './corpora.ts';
import { operations } from './operations.ts';
import { roleFor } from './requests.ts';

const texts = naughtyTexts();
const documents = [...readExternalFolder('json/test_parsing')];

let server: TestServer;
let givenMember: Awaited<ReturnType<typeof makeCast>>;
beforeAll(async () => {
  server = await startTestServer({
    hashing: makeWorkQueue({ running: 2, waiting: 1_000 }),
  });
  givenMember = await makeCast(server);
});
afterAll(() => server.close());

const listed = operations.map((operation) => [operation.name, operation] as const);

describe.runIf(texts.length > 0)('every text that broke other programs', () => {
  it.for(listed)('breaks nothing: %s', { timeout: 3_600_000 }, async ([, operation]) => {
    const complaints = await sendTexts(
      server,
      operation,
      await givenMember(roleFor(operation.route)),
      () => texts,
    );

    expect(complaints.slice(0, 5), `${complaints.length} complaints`).toEqual([]);
  });
});

describe.runIf(documents.length > 0)('every document of JSONTestSuite', () => {
  it.for(listed.filter(([, { route }]) => route.body !== undefined))(
    'breaks nothing: %s',
    async ([, operation]) => {
      await expectHarmless(server, operation, await givenMember(roleFor(operation.route)), documents);
    },
  );
});
