/**
 * @file Every lie in a stream of events. It does not end, so it is no step of a session: each lie is told to a
 * device that watches, and whatever a stream is, what the device shows was true, or its watch ends with a typed error.
 */
import { expect, it } from 'vitest';
import { ZkvaultError } from '../../src/errors.ts';
import { makeOpenClient } from '../../src/open-client.ts';
import { settingsOf } from '../../src/settings.ts';
import { logIn } from '../../src/sign-in.ts';
import { storeLogin } from '../../src/stored-session.ts';
import { brokenAnswers } from '../../src/testing/broken-answers.ts';
import { type Answer, responseOf } from '../../src/testing/exchange.ts';
import { makeInsecureKdf } from '../../src/testing/insecure-kdf.ts';
import { mutationsOf } from '../../src/testing/json-mutations.ts';
import { makeTransport } from '../../src/transport.ts';
import { type WatchPace, watchVaults } from '../../src/watch.ts';
import { eventText, type FakeServer } from '../fake-server.ts';
import { CANARY, givenEntries, givenWorld, LOGIN, PASSWORD, pinsOf, vaultOf, type World } from '../world.ts';

const QUICK: WatchPace = {
  betweenSyncs: { shortest: 1, longest: 8 },
  retry: { first: 1, longest: 8 },
  settledMs: 60_000,
  silenceMs: 1_000,
};
const AT_ONCE = 16;
/** More than a lie can make a device send at this pace while it is looked at. */
const MANY_REQUESTS = 60;

interface StreamLie {
  readonly title: string;
  tell(server: FakeServer): Response;
}

interface Event {
  readonly name: string;
  readonly data: object;
}

const encoder = new TextEncoder();
const honestEvents = (server: FakeServer): readonly Event[] => {
  const { fields, revision } = vaultOf(server);
  return [
    { name: 'vault', data: { vaultId: fields.id, revision } },
    { name: 'end', data: { reason: 'shutdown' } },
  ];
};
const textOf = (events: readonly Event[]): string =>
  events.map(({ name, data }, at) => eventText(name, data, `cursor-${at}`)).join('');

function answerOf(text: string): Answer {
  const headers = new Headers({ 'content-type': 'text/event-stream; charset=utf-8' });
  return { status: 200, headers, json: undefined, body: encoder.encode(text) };
}

/** Every operator at every place of every event, and every way to break an answer. */
function allLies(sample: FakeServer): readonly StreamLie[] {
  const inEvents = honestEvents(sample).flatMap(({ name, data }, at) =>
    mutationsOf(data).map(({ operator, pointer, apply }) => ({
      title: `${name}${pointer} · ${operator}`,
      tell(server: FakeServer) {
        const events = honestEvents(server);
        const changed = apply(events[at]!.data) as object;
        const answer = answerOf(textOf(events.with(at, { name, data: changed })));
        return responseOf(answer, answer.body);
      },
    })),
  );
  const broken = brokenAnswers.map(({ operator, apply }) => ({
    title: operator,
    tell(server: FakeServer) {
      const answer = answerOf(textOf(honestEvents(server)));
      return apply(answer) ?? responseOf(answer, answer.body);
    },
  }));
  return [...inEvents, ...broken];
}

/** A second device of a world that watches, and what it is lied to while the first one writes. */
async function play(world: World, lie: StreamLie): Promise<readonly string[]> {
  const { server, secretKey, device } = world;
  const { storage } = await world.freshDevice();
  const settings = settingsOf({
    baseUrl: 'https://vault.example',
    fetch: server.fetch,
    kdf: makeInsecureKdf(),
    storage,
  });
  const transport = makeTransport(settings);
  const signedIn = await logIn(settings, transport, { login: LOGIN, password: PASSWORD, secretKey }, {});
  await storeLogin(settings, signedIn);
  const open = makeOpenClient(settings, transport, signedIn, crypto.randomUUID());
  let told = 0;
  const { promise: isTold, resolve } = Promise.withResolvers<void>();
  server.lie('streamEvents', () => {
    told += 1;
    if (told === 3) resolve();
    return lie.tell(server);
  });
  const aborter = new AbortController();
  const truths = [JSON.stringify(await device.client.entries.list())];
  const failure: Promise<unknown> = watchVaults(
    open,
    {
      signal: aborter.signal,
      async onChange() {
        if (truths.length > 1) return;
        await givenEntries(device, 'two');
        truths.push(JSON.stringify(await device.client.entries.list()));
      },
    },
    QUICK,
  ).catch((error: unknown) => error);
  // Told three times, or refused, or held open: that long is long enough to act on it.
  await Promise.race([failure, isTold, pause(60)]);
  await Promise.race([failure, pause(10)]);
  const stopped = new Error('stopped by the test');
  aborter.abort(stopped);
  const error = await failure;

  const violations: string[] = [];
  if (told === 0) violations.push('the lie was never told');
  if (error !== stopped && !(error instanceof ZkvaultError))
    violations.push(`no typed error: ${String(error)}`);
  if (`${String(error)} ${JSON.stringify(error)}`.includes(CANARY)) violations.push('I1: error');
  if ('admin' in {} || 'isAdmin' in {} || Object.keys(Object.prototype).length > 0)
    violations.push('a prototype was changed');
  const sent = server.requests.length;
  if (sent > MANY_REQUESTS) violations.push(`it was made to send ${sent} requests`);
  const pins = String(pinsOf(storage));
  await pause(10);
  if (server.requests.length !== sent) violations.push('I2: a request after the end');
  if (String(pinsOf(storage)) !== pins) violations.push('I4: the pins have changed after the end');
  server.honest();
  const shown = JSON.stringify(await open.entries.list());
  if (!truths.includes(shown)) violations.push(`shows ${shown}`);
  return violations.map((violation) => `${lie.title}: ${violation}`);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it('whatever a stream of events says, what is shown was true, or the watch ends with a typed error', async () => {
  const lies = allLies((await givenWorld()).server);
  const violations: string[] = [];
  for (let at = 0; at < lies.length; at += AT_ONCE) {
    const results = lies.slice(at, at + AT_ONCE).map(async (lie) => {
      const world = await givenWorld();
      await givenEntries(world.device, 'one');
      return play(world, lie);
    });
    violations.push(...(await Promise.all(results)).flat());
  }

  expect(violations).toEqual([]);
  expect(lies.length).toBeGreaterThan(150);
}, 60_000);
