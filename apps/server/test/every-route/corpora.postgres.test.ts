/**
 * The big list of naughty strings, lists of injections and JSONTestSuite, a sample of them in every place of
 * every route that takes a text or a body; the slow suite sends all of them. Nothing is answered by a 5xx or
 * with a word about the inside, what is refused changes nothing, and what is taken comes back byte for byte.
 */
import { randomUUID } from 'node:crypto';
import type { LoginAnswer, Session, User } from '@zkvault/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeWorkQueue } from '../../src/lib/work-queue.ts';
import { readExternalFolder } from '../external.ts';
import { startTestServer, type TestServer } from '../test-server.ts';
import { makeCast } from './cast.ts';
import { expectHarmless, injectionTexts, naughtyTexts, sampleOf, sendTexts } from './corpora.ts';
import { databaseState } from './database-state.ts';
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

const listed = operations.map((operation, index) => [operation.name, operation, index] as const);

describe.runIf(texts.length > 0)('a text that broke other programs', () => {
  it('is one of thousands', () => {
    expect(texts.length).toBeGreaterThan(3_000);
  });

  it.for(listed)('breaks nothing: %s', { timeout: 120_000 }, async ([, operation, index]) => {
    const complaints = await sendTexts(
      server,
      operation,
      await givenMember(roleFor(operation.route)),
      (pointer) => sampleOf(texts, 12, index * 1_000 + pointer.length),
    );

    expect(complaints).toEqual([]);
  });

  it('comes back byte for byte where it is taken', { timeout: 120_000 }, async () => {
    const member = await givenMember('user');
    let taken = 0;
    for (const text of sampleOf(texts, 60, 1)) {
      const payload = { fullName: text };
      const changed = await server.send({ method: 'PUT', url: '/api/v1/users/me', payload, as: member });
      if (changed.statusCode !== 200) continue;
      taken += 1;

      const read = await server.send({ url: '/api/v1/users/me', as: member });
      expect([changed.json<User>().fullName, read.json<User>().fullName]).toEqual([text, text]);
    }
    expect(taken).toBeGreaterThan(20);
  });
});

const injections = injectionTexts('sqli');

describe.runIf(injections.length > 0)('an injection of SQL', () => {
  it('is a login that nobody has', { timeout: 60_000 }, async () => {
    const member = await givenMember('user');
    const before = await databaseState(server.db);
    for (const login of sampleOf(injections, 40, 2)) {
      const body = {
        login,
        authKey: member.authKey,
        transport: 'body',
        device: { id: randomUUID(), name: 'x' },
      };
      const response = await server.send({ method: 'POST', url: '/api/v1/auth/login', payload: body });

      expect([401, 422], login).toContain(response.statusCode);
    }
    expect(await databaseState(server.db)).toBe(before);
  });

  it('as a thing’s id finds nothing', { timeout: 120_000 }, async () => {
    const member = await givenMember('user');
    const before = await databaseState(server.db);
    for (const text of sampleOf(injections, 60, 4))
      for (const url of ['/api/v1/entries/', '/api/v1/auth/sessions/', '/api/v1/vaults/']) {
        const response = await server.send({
          method: 'DELETE',
          url: `${url}${encodeURIComponent(text)}`,
          as: member,
        });

        expect([404, 422], text).toContain(response.statusCode);
      }
    expect(await databaseState(server.db)).toBe(before);
  });

  it('as the name of a device is a name', { timeout: 60_000 }, async () => {
    const { login, authKey } = await givenMember('user');
    for (const name of sampleOf(
      injections.filter((text) => text.length <= 100 && !/[\0-\x1f\x7f]/.test(text)),
      10,
      3,
    )) {
      const payload = { login, authKey, transport: 'body', device: { id: randomUUID(), name } };
      const session = await server.send({ method: 'POST', url: '/api/v1/auth/login', payload });
      const { accessToken } = session.json<LoginAnswer>();
      const headers = { authorization: `Bearer ${accessToken}` };
      const list = await server.send({ url: '/api/v1/auth/sessions', headers });

      const own = list.json<{ items: Session[] }>().items.find(({ current }) => current);
      expect(own?.device.name).toBe(name);
    }
  });
});

describe.runIf(documents.length > 0)('a document of JSONTestSuite', () => {
  const withBody = listed.filter(([, { route }]) => route.body !== undefined);

  it.for(withBody)('breaks nothing: %s', async ([, operation, index]) => {
    const member = await givenMember(roleFor(operation.route));

    await expectHarmless(server, operation, member, sampleOf(documents, 60, index));
  });

  it('is sent to some route or other, each of them', async () => {
    const [[, operation] = listed[0]!] = withBody;
    await expectHarmless(server, operation, await givenMember('user'), documents);
  });
});
