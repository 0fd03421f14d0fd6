/** @file Plans every lie about every answer of a session, plays them, and counts what came of them. */
import { brokenAnswers } from '../../src/testing/broken-answers.ts';
import type { Exchange } from '../../src/testing/exchange.ts';
import { mutationsOf } from '../../src/testing/json-mutations.ts';
import { spellingsOf } from '../../src/testing/leaks.ts';
import { indistinguishable, leftOut, serversOwnAnswers, serversOwnWords } from './own-words.ts';
import { type Outcome, type PlannedLie, perform } from './performance.ts';
import { type Rehearsal, type RehearsedStep, rehearse } from './rehearsal.ts';
import type { Step } from './session-steps.ts';
import type { Stage } from './stage.ts';

/** One lie in one step. */
export interface Plan extends PlannedLie {
  readonly rehearsed: RehearsedStep;
}

/** What came of all. */
export interface FuzzReport {
  /** Operations that some lie was planned about. */
  readonly operations: ReadonlySet<string>;
  readonly planned: number;
  readonly played: readonly (Plan & { readonly outcome: Outcome })[];
  readonly violations: readonly string[];
}

/** Every lie there is about a rehearsed session, each once and again. */
export function planAll(rehearsal: Rehearsal): readonly Plan[] {
  const counts = new Map<string, number>();
  return rehearsal.steps
    .filter(({ step }) => step.isFuzzed !== false)
    .flatMap((rehearsed) =>
      rehearsed.exchanges.flatMap((exchange, at) => [
        ...jsonLies(rehearsal, exchange).flatMap(both({ rehearsed, at, exchange })),
        ...brokenAnswers
          .map(({ operator, apply }): Lie => ({ operator, leaf: '(answer)', pointer: '', lie: apply }))
          .flatMap(both({ rehearsed, at, exchange })),
      ]),
    )
    .map((plan) => {
      const count = (counts.get(plan.title) ?? 0) + 1;
      counts.set(plan.title, count);
      return count === 1 ? plan : { ...plan, title: `${plan.title} (${count})` };
    });
}

type Lie = Pick<Plan, 'operator' | 'leaf' | 'lie'> & { readonly pointer: string };

function jsonLies({ earlier, strangers }: Rehearsal, exchange: Exchange): readonly Lie[] {
  const honest = exchange.honest?.json;
  if (honest === undefined) return [];
  const alike = (exchanges: readonly Exchange[]) =>
    exchanges.filter(
      ({ operationId, honest: said }) =>
        operationId === exchange.operationId && said?.status === exchange.honest?.status,
    );
  const older = alike(earlier.slice(0, earlier.indexOf(exchange)))
    .slice(-3)
    .map(({ honest: said }) => said!.json);
  const context = { other: alike(strangers).at(-1)?.honest?.json, older };
  return mutationsOf(honest, context).map(({ operator, leaf, pointer, apply }) => ({
    operator,
    leaf: leaf === '' ? '(whole)' : leaf,
    pointer,
    lie(answer) {
      const changed = apply(answer.json);
      if (changed !== undefined) answer.json = changed;
    },
  }));
}

/** The lie told once, and told again whenever the same is asked. */
function both(place: {
  readonly rehearsed: RehearsedStep;
  readonly at: number;
  readonly exchange: Exchange;
}) {
  return ({ pointer, ...lie }: Lie): readonly Plan[] =>
    [true, false].map((isOnce) => {
      const { rehearsed, at, exchange } = place;
      const { operationId } = exchange;
      return {
        ...lie,
        leaf: placeOf(operationId, lie),
        rehearsed,
        at,
        isOnce,
        mayShow: mayShow(operationId, lie),
        title: `${rehearsed.step.name} · ${at} ${operationId}${pointer} · ${lie.operator}${isOnce ? '' : ' · always'}`,
      };
    });
}

function mayShow(operationId: string, lie: Pick<Plan, 'leaf' | 'operator'>): Plan['mayShow'] {
  const place = placeOf(operationId, lie);
  if (Object.hasOwn(serversOwnAnswers, operationId)) return 'any word';
  if (Object.hasOwn(serversOwnWords, place)) return 'any word';
  if (Object.hasOwn(leftOut, `${place}/${lie.operator}`)) return 'less of the truth';
  return Object.hasOwn(indistinguishable, `${place}/${lie.operator}`) ? 'an old truth' : 'the truth';
}

/** Where a lie is told, as tables and exemptions name it: `getUser/role`, `getUser (whole)`. */
function placeOf(operationId: string, { leaf }: Pick<Plan, 'leaf'>): string {
  return `${operationId}${leaf.startsWith('/') ? leaf : ` ${leaf}`}`;
}

/** Rehearses a session and plays lies about it. @param select which of the planned ones. */
export async function fuzz(
  stages: readonly Stage[],
  steps: readonly Step[],
  select: (plans: readonly Plan[]) => readonly Plan[],
): Promise<FuzzReport> {
  const lanes = await Promise.all(
    stages.map(async (stage) => {
      const rehearsal = await rehearse(stage, steps);
      return { stage, plans: planAll(rehearsal), spellings: rehearsal.secrets.flatMap(spellingsOf) };
    }),
  );
  const [first] = lanes;
  const selected = select(first!.plans);
  const titles = new Set(selected.map(({ title }) => title));
  const played: (Plan & { readonly outcome: Outcome })[] = [];
  await Promise.all(
    lanes.map(async ({ stage, plans, spellings }, lane) => {
      const mine = plans
        .filter(({ title }) => titles.has(title))
        .filter((_, index) => index % lanes.length === lane);
      for (const plan of mine)
        played.push({ ...plan, outcome: await perform(stage, plan.rehearsed, plan, spellings) });
    }),
  );
  const violations = played
    .filter(({ outcome }) => outcome.kind === 'violation')
    .map(({ title, outcome }) => `${title}: ${outcome.what}`);
  const operations = new Set(first!.plans.map(operationOf));
  return { operations, planned: first!.plans.length, played, violations };
}

/** A sample that has every operator and every operation, and more by a seed. */
export function sampleOf(plans: readonly Plan[], seed: number, count: number): readonly Plan[] {
  const shuffled = plans
    .map((plan, index) => ({ plan, order: hash(seed, index) }))
    .toSorted((one, other) => one.order - other.order);
  const seen = new Set<string>();
  const must: Plan[] = [];
  const may: Plan[] = [];
  for (const { plan } of shuffled) {
    const kinds = [plan.operator, operationOf(plan)];
    (kinds.every((kind) => seen.has(kind)) ? may : must).push(plan);
    for (const kind of kinds) seen.add(kind);
  }
  return [...must, ...may].slice(0, Math.max(count, must.length));
}

/** The operation whose answer a plan lies about. */
export function operationOf({ leaf }: Plan): string {
  return leaf.split(/[ /]/)[0]!;
}

/** A sample that has one lie about every operation, by a seed. */
export function oneOfEach(plans: readonly Plan[], seed: number): readonly Plan[] {
  const shuffled = sampleOf(plans, seed, plans.length);
  return [...Map.groupBy(shuffled, operationOf).values()].map(([first]) => first!);
}

/** A number that looks random and is always the same (xorshift over the two). */
function hash(seed: number, index: number): number {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)) >>> 0;
  for (const shift of [13, -17, 5]) state ^= shift > 0 ? state << shift : state >>> -shift;
  return Math.imul(state, 0x27d4eb2f) >>> 0;
}

/** The table leaf × operator: `x` refused, `=` made no difference, `~` both, `.` does not apply. */
export function coverageTable({ played }: FuzzReport): string {
  const cells = new Map<string, Map<string, Set<string>>>();
  for (const { leaf, operator, outcome } of played) {
    const row = cells.get(leaf) ?? new Map<string, Set<string>>();
    cells.set(leaf, row.set(operator, (row.get(operator) ?? new Set()).add(outcome.kind)));
  }
  const isBroken = (leaf: string) => leaf.endsWith('(answer)');
  return [false, true]
    .map((broken) => table([...cells].filter(([leaf]) => isBroken(leaf) === broken)))
    .join('\n\n');
}

function table(rows: readonly (readonly [string, ReadonlyMap<string, ReadonlySet<string>>])[]): string {
  const operators = [...new Set(rows.flatMap(([, row]) => [...row.keys()]))].toSorted();
  const width = Math.max(0, ...rows.map(([leaf]) => leaf.length));
  const head = operators.map((operator, index) => `${String(index + 1).padStart(3)} ${operator}`).join('\n');
  const lines = rows
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(
      ([leaf, row]) =>
        `${leaf.padEnd(width)}  ${operators.map((operator) => cell(row.get(operator))).join('  ')}`,
    );
  const numbers = `${' '.repeat(width)} ${operators.map((_, index) => String(index + 1).padStart(2)).join(' ')}`;
  return [head, numbers, ...lines].join('\n');
}

function cell(kinds: ReadonlySet<string> | undefined): string {
  if (kinds === undefined) return '.';
  if (kinds.has('violation')) return '!';
  return kinds.size > 1 ? '~' : kinds.has('same') ? '=' : 'x';
}
