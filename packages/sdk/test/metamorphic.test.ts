/**
 * @file Every leaf of every answer, changed in every way: what the client shows is byte for byte what
 * the honest server would have led to, or the call fails with an error of ours. Tokens and the length
 * of their life are the server's own affair.
 */
import { describe, expect, it } from 'vitest';
import { ZkvaultError } from '../src/errors.ts';
import type { Answer } from './fake-server.ts';
import { CANARY, givenEntries, givenWorld, type World } from './world.ts';

type Path = readonly (string | number)[];
type Operator = (value: unknown) => unknown;

const REMOVE = Symbol('remove');

const operators: Readonly<Record<string, Operator>> = {
  remove: () => REMOVE,
  null: () => null,
  'another type': (value) => (typeof value === 'string' ? 1 : String(value)),
  'an object': () => ({}),
  'empty text': () => '',
  'shorter by one': (value) =>
    typeof value === 'string' ? value.slice(0, -1) : Math.floor((value as number) / 2),
  'longer by one': (value) => (typeof value === 'string' ? `${value}A` : (value as number) * 2 + 1),
  'first character': (value) =>
    typeof value === 'string'
      ? `${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}`
      : (value as number) + 1,
  'last character': (value) =>
    typeof value === 'string'
      ? `${value.slice(0, -1)}${value.endsWith('A') ? 'Q' : 'A'}`
      : (value as number) - 1,
  'middle character': (value) => {
    if (typeof value !== 'string') return 2 ** 53 + 1;
    const middle = Math.floor(value.length / 2);
    return `${value.slice(0, middle)}${value[middle] === 'A' ? 'B' : 'A'}${value.slice(middle + 1)}`;
  },
  negative: () => -1,
  'upper case': (value) => (typeof value === 'string' ? value.toUpperCase() : 0),
};

const listOperators: Readonly<Record<string, (list: unknown[]) => void>> = {
  'drop the first': (list) => void list.shift(),
  'drop the last': (list) => void list.pop(),
  'repeat the first': (list) => void list.push(list[0]),
  reverse: (list) => void list.splice(0, list.length, ...list.toReversed()),
  empty: (list) => void list.splice(0),
};

const serversOwn: ReadonlySet<string> = new Set(['accessToken', 'refreshToken', 'expiresIn']);

function leavesOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return serversOwn.has(String(path.at(-1))) ? [] : [path];
  return Object.entries(value).flatMap(([name, child]) =>
    leavesOf(child, [...path, Array.isArray(value) ? Number(name) : name]),
  );
}

function listsOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([name, child]) => listsOf(child, [...path, name]));
  return Array.isArray(value) ? [path, ...inner] : inner;
}

function at(body: unknown, path: Path): unknown {
  return path.reduce((place, name) => (place as Record<string | number, unknown>)[name], body);
}

function change(answer: Answer, path: Path, operator: Operator): void {
  const parent = at(answer.body, path.slice(0, -1)) as Record<string | number, unknown>;
  const name = path.at(-1)!;
  const next = operator(parent[name]);
  if (next === REMOVE) delete parent[name];
  else parent[name] = next;
}

async function givenSession(): Promise<{
  readonly world: World;
  readonly honest: string;
  readonly answers: ReadonlyMap<string, unknown>;
}> {
  const world = await givenWorld();
  const [bank, gone] = await givenEntries(world.device, 'bank', 'gone', 'airline');
  await world.device.client.entries.update(bank!.id, { notes: CANARY });
  await world.device.client.entries.delete(gone!.id);
  const answers = new Map<string, unknown>();
  for (const operation of ['prelogin', 'login', 'getChanges'])
    world.server.lie(operation, ({ body }) => void answers.set(operation, structuredClone(body)));
  const honest = await observe(world);
  world.server.honest();
  return { world, honest, answers };
}

/** What a device without memory shows. */
async function observe(world: World): Promise<string> {
  const { client } = await world.freshDevice();
  const entries = await client.entries.list();
  const { vaults, login, accountId } = await client.status();
  const known = vaults.map(({ id, seq, entryCount, freshness }) => ({ id, seq, entryCount, freshness }));
  return JSON.stringify({ entries, login, accountId, known });
}

describe('any one lie in an answer', () => {
  it.for(['prelogin', 'login', 'getChanges'])(
    'of %s changes nothing that is shown, or is refused',
    async (operation) => {
      const { world, honest, answers } = await givenSession();
      const body = answers.get(operation);
      const lies: (readonly [string, (answer: Answer) => void])[] = [
        ...leavesOf(body).flatMap((path) =>
          Object.entries(operators).map(
            ([name, operator]) =>
              [`${path.join('.')}: ${name}`, (answer: Answer) => change(answer, path, operator)] as const,
          ),
        ),
        ...listsOf(body).flatMap((path) =>
          Object.entries(listOperators).map(
            ([name, operator]) =>
              [
                `${path.join('.')}: ${name}`,
                (answer: Answer) => operator(at(answer.body, path) as unknown[]),
              ] as const,
          ),
        ),
      ];
      const differing: string[] = [];

      for (const [name, lie] of lies) {
        world.server.lie(operation, lie);
        const shown = await observe(world).catch((error: unknown) => error);
        if (shown === honest) continue;
        const isRefusal =
          shown instanceof ZkvaultError && !`${shown.message}${JSON.stringify(shown)}`.includes(CANARY);
        if (!isRefusal) differing.push(`${name}: ${String(shown)}`);
      }

      expect(lies.length).toBeGreaterThan(operation === 'prelogin' ? 20 : 300);
      expect(differing).toEqual([]);
      world.server.honest();
      expect(await observe(world)).toBe(honest);
    },
  );
});
