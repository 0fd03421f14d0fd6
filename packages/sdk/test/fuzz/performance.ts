/**
 * @file One step of the session, told one lie, and what must hold then: what came is what the truth leads
 * to, or a typed error, and the invariants I1 to I6 of the adversary list.
 */
import { IntegrityError, ZkvaultError } from '../../src/errors.ts';
import type { Answer, Exchange } from '../../src/testing/exchange.ts';
import { type FakeClock, makeFakeClock } from '../../src/testing/fake-clock.ts';
import { findLeaks } from '../../src/testing/leaks.ts';
import { pinsOf } from '../world.ts';
import {
  type Actor,
  makeActor,
  normalized,
  type RehearsedStep,
  sceneOf,
  shownVaults,
  stateOf,
  viewOf,
} from './rehearsal.ts';
import { isShapedLike } from './shape.ts';
import type { Stage } from './stage.ts';

/** A lie about one answer of one step. */
export interface PlannedLie {
  /** For people: step, operation, place and operator. */
  readonly title: string;
  /** For the table. */
  readonly leaf: string;
  readonly operator: string;
  /** Which answer of the step, counted from 0. */
  readonly at: number;
  /** False if every later answer of the operation is changed alike. */
  readonly isOnce: boolean;
  /** What the result may be: the honest one; any, for the server's own words; what was true once, for a freeze; a part of it. */
  readonly mayShow: 'the truth' | 'any word' | 'an old truth' | 'less of the truth';
  readonly lie: (answer: Answer) => Response | undefined | void;
}

/** What came of it. */
export interface Outcome {
  readonly kind: 'same' | 'refused' | 'violation';
  /** The error's class, or what was violated. */
  readonly what: string;
}

/** Plays one step with one lie in it. */
export async function perform(
  stage: Stage,
  rehearsed: RehearsedStep,
  planned: PlannedLie,
  spellings: readonly string[],
): Promise<Outcome> {
  const { step, before, knows } = rehearsed;
  const { server } = stage;
  server.honest();
  server.forget();
  await server.restore(before.server);
  const clock = makeFakeClock(before.atMs);
  const state = before.devices.get(step.device);
  const timeoutMs = planned.operator === 'slow body' ? stage.slowMs : undefined;
  const actor = await makeActor({ stage, clock, state, timeoutMs });
  const stateBefore = (await actor.client.status()).state;
  const told = tellLie(stage, actor, planned, rehearsed.exchanges[planned.at]!.operationId);
  const sent = server.record();

  const outcome = await settle(async () => {
    const { scene } = sceneOf({ stage, clock, actor, before, step, knows, timeoutMs });
    const raw = await step.run(scene);
    return normalized([raw, await shownVaults(actor.client)], knows.ids);
  });

  const violations: string[] = [];
  if (!told.isTold()) violations.push('the lie was never told');
  if (server.strayed.length > 0) violations.push('A10: followed a redirect');
  if (sent.some(({ init }) => init.redirect !== 'error')) violations.push('A10: redirect is not "error"');
  if (findLeaks(sent, spellings).length > 0) violations.push(`I3: ${findLeaks(sent, spellings).join()}`);
  const inStorage = [...actor.storage.values.values()]
    .map((value) => new TextDecoder().decode(value))
    .join('\n');
  if (inStorage.includes('canary')) violations.push('I1: storage');
  if (outcome.error !== undefined)
    violations.push(...(await afterRefusal(outcome.error, { stage, actor, told, stateBefore, sent })));
  else if (outcome.value !== rehearsed.result)
    violations.push(...(await judge(planned, rehearsed, actor, outcome.value)));
  if (isPolluted()) violations.push('a prototype was changed');
  server.honest();
  violations.push(...(await laterSession(stage, actor, clock, rehearsed)));
  if (violations.length > 0) return { kind: 'violation', what: violations.join('; ') };
  return outcome.error === undefined
    ? { kind: 'same', what: '' }
    : { kind: 'refused', what: outcome.error.name };
}

/** Whether an answer reached what every object has. */
function isPolluted(): boolean {
  return Object.keys(Object.prototype).length > 0 || 'admin' in {} || 'isAdmin' in {};
}

/** Plants a lie; remembers the pins there were when it was told last. */
function tellLie(stage: Stage, { storage }: Actor, { at, isOnce, lie }: PlannedLie, operation: string) {
  let seen = -1;
  let pins: Uint8Array | undefined;
  let isTold = false;
  stage.server.mutate('*', (answer, { operationId }) => {
    seen += 1;
    const isNow = seen === at || (isTold && !isOnce && operationId === operation);
    if (!isNow) return undefined;
    pins = pinsOf(storage);
    isTold = true;
    return lie(answer) ?? undefined;
  });
  return { isTold: () => isTold, pins: () => pins };
}

/** Whether another result than the honest one may be. */
async function judge(
  { mayShow }: PlannedLie,
  { result, past, knows }: RehearsedStep,
  { client }: Actor,
  value: string,
): Promise<readonly string[]> {
  if (mayShow === 'any word')
    return isShapedLike(JSON.parse(value), JSON.parse(result)) ? [] : [`of another form: ${value}`];
  if (mayShow === 'less of the truth' && isPartOf(value, result)) return [];
  const isOld =
    mayShow === 'an old truth' && past.includes(normalized(await client.entries.list(), knows.ids));
  return isOld ? [] : [`another result: ${value} instead of ${result}`];
}

/** True if the list that was shown is the honest one with something left out. */
function isPartOf(value: string, result: string): boolean {
  const [[shown, status], [honest, honestStatus]] = [value, result].map(
    (text) => JSON.parse(text) as unknown[],
  ) as [unknown[], unknown[]];
  if (!Array.isArray(shown) || !Array.isArray(honest)) return false;
  const rest = honest.map((each) => JSON.stringify(each));
  const isInOrder = shown.every((each) => {
    const at = rest.indexOf(JSON.stringify(each));
    rest.splice(0, at + 1);
    return at !== -1;
  });
  return isInOrder && JSON.stringify(status) === JSON.stringify(honestStatus);
}

async function afterRefusal(
  failure: Error,
  scene: {
    readonly stage: Stage;
    readonly actor: Actor;
    readonly told: { readonly pins: () => Uint8Array | undefined };
    readonly stateBefore: string;
    readonly sent: readonly Exchange[];
  },
): Promise<readonly string[]> {
  const { actor, told, stateBefore, sent } = scene;
  const { client, storage } = actor;
  const violations: string[] = [];
  if (!(failure instanceof ZkvaultError))
    violations.push(`no typed error: ${failure.name} ${failure.message}`);
  if (textOf(failure).includes('canary')) violations.push('I1: error');
  const isPinned = String(pinsOf(storage)) === String(told.pins());
  if (!isPinned) violations.push('I4: the pins have changed');
  const { state } = await client.status();
  if (state !== stateBefore && state === 'unlocked') violations.push(`I6: ${state} after ${stateBefore}`);
  const count = sent.length;
  await new Promise((resolve) => setTimeout(resolve, 0));
  if (sent.length !== count) violations.push('I2: a request after the failure');
  if (!(failure instanceof IntegrityError) || state !== 'unlocked' || stateBefore !== 'unlocked')
    return violations;
  const later = await Promise.allSettled([
    client.entries.list(),
    client.sync(),
    client.entries.create({ type: 'note', title: 'later' }),
  ]);
  if (sent.length !== count) violations.push('I2: a request after an integrity failure');
  if (later.some(({ status }) => status === 'fulfilled'))
    violations.push('I1: shown after an integrity failure');
  return violations;
}

/** I5: the same device, started again with an honest server, and what it sees. */
async function laterSession(
  stage: Stage,
  ended: Actor,
  clock: FakeClock,
  { knows, knowsThen, views }: RehearsedStep,
): Promise<readonly string[]> {
  const state = await stateOf(ended);
  const seen: string[] = [];
  for (const attempt of [
    async (again: Actor) => {
      await again.client.sync();
    },
    async (again: Actor) => {
      const { login, password, secretKey } = knowsThen;
      await again.client.login({ login, password, ...(secretKey !== undefined && { secretKey }) });
    },
    async (again: Actor) => {
      const { login, password, secretKey } = knows;
      await again.client.login({ login, password, ...(secretKey !== undefined && { secretKey }) });
    },
    async (again: Actor) => {
      // With the Secret Key that this device has: the one it made in this play is not that of the rehearsal.
      const { login, password } = knowsThen;
      await again.client.login({ login, password });
    },
  ]) {
    const again = await makeActor({ stage, clock, state, isToldTheTruth: true });
    const outcome = await settle(async () => {
      await attempt(again);
      return normalized(JSON.parse(await viewOf(again.client, knows.ids)), knows.ids);
    });
    if (outcome.error === undefined && views.includes(outcome.value)) return [];
    seen.push(outcome.error === undefined ? outcome.value : `${outcome.error.name} ${outcome.error.message}`);
  }
  return views.includes('"none"') ? [] : [`I5: a later session sees ${seen.join(' | ')}`];
}

async function settle(
  work: () => Promise<string>,
): Promise<{ readonly value: string; readonly error?: undefined } | { readonly error: Error }> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(`not an Error: ${String(error)}`) };
  }
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.name} ${error.message} ${error.stack} ${JSON.stringify(error)} ${textOf(error.cause)}`;
}
