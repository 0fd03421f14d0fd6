/** @file Lists of texts and documents that broke other programs, and what every route does with them. */
import { DEFAULT_BODY_LIMIT_BYTES } from '@zkvault/contract';
import { expect } from 'vitest';
import { readExternalFolder, readExternalText } from '../external.ts';
import type { TestServer } from '../test-server.ts';
import type { Member } from './cast.ts';
import { databaseState } from './database-state.ts';
import { complaint, inject } from './fuzz.ts';
import type { Operation } from './operations.ts';
import { makeSeededRandom } from './seeded-random.ts';
import { stringFieldsOf } from './string-fields.ts';

/** The naughty strings and the lists of payloads, each text once; empty where the data is absent. */
export function naughtyTexts(): readonly string[] {
  const naughty = JSON.parse(readExternalText('strings/blns.json') ?? '[]') as readonly string[];
  return [...new Set([...naughty, ...injectionTexts('')])];
}

/** The payloads of the lists whose name begins so. */
export function injectionTexts(prefix: string): readonly string[] {
  const lists = [...readExternalFolder('injection/payloadsallthethings')];
  return lists
    .filter(([name]) => name.startsWith(prefix) && name.endsWith('.txt'))
    .flatMap(([, bytes]) => bytes.toString('utf8').split(/\r?\n/))
    .filter((line) => line !== '');
}

/** So many of a list, by a seed; all of it if there are no more. */
export function sampleOf<Item>(items: readonly Item[], count: number, seed: number): readonly Item[] {
  if (items.length <= count) return items;
  const random = makeSeededRandom(seed);
  return Array.from({ length: count }, () => random.pick(items));
}

/** How many requests are under way at once. */
const BATCH = 32;

/**
 * Puts texts in every place of an operation that takes one. Where all are refused, nothing is changed.
 *
 * @returns what was wrong.
 */
export async function sendTexts(
  server: TestServer,
  operation: Operation,
  member: Member,
  textsFor: (field: string) => readonly string[],
): Promise<readonly string[]> {
  const before = await databaseState(server.db);
  const complaints: string[] = [];
  let taken = 0;
  for (const field of stringFieldsOf(operation)) {
    const texts = textsFor(field.pointer);
    for (let at = 0; at < texts.length; at += BATCH) {
      const answers = texts.slice(at, at + BATCH).map(async (text) => {
        const request = field.request(member, text);
        const response = await inject(server, request);
        if (response.statusCode < 400) taken += 1;
        return (
          complaint(response, request, `${operation.name} ${field.pointer} of ${JSON.stringify(text)}`) ?? []
        );
      });
      complaints.push(...(await Promise.all(answers)).flat());
    }
  }
  if (taken === 0 && (await databaseState(server.db)) !== before)
    complaints.push(`${operation.name}: all refused, and yet something changed`);
  return complaints;
}

/** Sends each document as a body: what is no JSON is told so, and the rest is never more than refused. */
export async function expectHarmless(
  server: TestServer,
  { route, path, name }: Operation,
  member: Member,
  documents: readonly (readonly [string, Buffer])[],
): Promise<void> {
  const before = await databaseState(server.db);
  const url = path.replaceAll(/:\w+/g, () => '00000000-0000-4000-8000-000000000000');
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${member.token}` };
  for (const [file, payload] of documents) {
    const request = { method: route.method, url, headers, payload };
    const response = await inject(server, request);

    expect(complaint(response, request, name), file).toBeUndefined();
    if (!file.startsWith('n_') || payload.length === 0) continue;
    const isTooLong = payload.length > (route.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES);
    expect(response.json(), file).toMatchObject({ code: isTooLong ? 'body-too-large' : 'malformed-json' });
  }
  if (documents.length > 0 && !MAY_BE_EMPTY.includes(route.operationId))
    expect(await databaseState(server.db), name).toBe(before);
}

/** Routes whose body may be `{}`: one of the documents is. */
const MAY_BE_EMPTY: readonly string[] = [
  'logout',
  'logoutAll',
  'updateOwnUser',
  'updateUser',
  'createInvitation',
];
