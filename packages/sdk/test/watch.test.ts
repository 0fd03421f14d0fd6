/**
 * What a stream of events can make a client do: sync, at its own pace. Everything a server may send instead
 * of hints is here, and what must come of it.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { AuthError, IntegrityError, LockedError, ProtocolError, TransportError } from '../src/errors.ts';
import { readEvents, type ServerSentEvent } from '../src/event-stream.ts';
import { makeOpenClient, type OpenClient } from '../src/open-client.ts';
import { settingsOf } from '../src/settings.ts';
import { logIn } from '../src/sign-in.ts';
import { storeLogin } from '../src/stored-session.ts';
import { makeInsecureKdf } from '../src/testing/insecure-kdf.ts';
import { makeTransport } from '../src/transport.ts';
import type { SyncReport } from '../src/vault-client.ts';
import { type WatchPace, watchVaults } from '../src/watch.ts';
import { eventText, type FakeServer, problemResponse } from './fake-server.ts';
import { failureOf, givenEntries, givenWorld, LOGIN, PASSWORD, vaultOf, type World } from './world.ts';

const QUICK: WatchPace = {
  betweenSyncs: { shortest: 20, longest: 160 },
  retry: { first: 10, longest: 80 },
  settledMs: 60_000,
  silenceMs: 10_000,
};
const eventually = { timeout: 10_000 } as const;

interface Watched {
  readonly world: World;
  readonly server: FakeServer;
  readonly open: OpenClient;
  readonly reports: SyncReport[];
  readonly failure: Promise<Error>;
  /** How many requests of an operation have come. */
  count(operationId: string): number;
  /** Tells of the vault's true revision, or of another. */
  hint(revision?: number): void;
  stop(): void;
}

let watched: Watched | undefined;
afterEach(async () => {
  watched?.stop();
  await watched?.failure;
  watched = undefined;
});

/** A second device that watches; the first one writes. */
async function givenWatch(
  pace: Partial<WatchPace> = {},
  prepare?: (server: FakeServer) => void,
): Promise<Watched> {
  const world = await givenWorld();
  const { server, secretKey } = world;
  const storage = (await world.freshDevice()).storage;
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
  prepare?.(server);
  const aborter = new AbortController();
  const reports: SyncReport[] = [];
  const failure = failureOf(
    watchVaults(
      open,
      { signal: aborter.signal, onChange: (report) => void reports.push(report) },
      { ...QUICK, ...pace },
    ),
  );
  watched = {
    world,
    server,
    open,
    reports,
    failure,
    count: (operationId) => server.requests.filter((request) => request.operationId === operationId).length,
    hint: (revision = vaultOf(server).revision) =>
      server.say(eventText('vault', { vaultId: vaultOf(server).fields.id, revision }, 'a-cursor')),
    stop: () => aborter.abort(new Error('stopped by the test')),
  };
  return watched;
}

/** Waits until the first sync is done and the stream is open. */
async function begun({ reports, server }: Watched): Promise<void> {
  await expect.poll(() => [reports.length, server.streams.size], eventually).toEqual([1, 1]);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a watch', () => {
  it('syncs once at its beginning, and then when it is told of a change', async () => {
    const watch = await givenWatch();
    await begun(watch);

    await givenEntries(watch.world.device, 'one', 'two');
    watch.hint();

    await expect.poll(() => watch.reports.length, eventually).toBe(2);
    expect(watch.reports[1]).toMatchObject({ added: 2, seq: 1 });
    expect(watch.open.vaults.entries()).toHaveLength(2);
  });

  it('ends with the reason of its signal, and lets go of the stream', async () => {
    const watch = await givenWatch();
    await begun(watch);

    watch.stop();

    expect((await watch.failure).message).toBe('stopped by the test');
    await expect.poll(() => watch.server.streams.size, eventually).toBe(0);
  });

  it('ends when the client is locked', async () => {
    const watch = await givenWatch();
    await begun(watch);

    watch.open.session.lock();

    expect(await watch.failure).toBeInstanceOf(LockedError);
  });

  it('does nothing for what it knows already, and for vaults it does not have', async () => {
    const watch = await givenWatch();
    await begun(watch);
    const before = watch.count('getChanges');

    watch.hint();
    watch.server.say(eventText('vault', { vaultId: crypto.randomUUID(), revision: 99 }));
    await pause(100);

    expect(watch.count('getChanges')).toBe(before);
  });

  it('opens the stream again where it ended, with a token that is good', async () => {
    const watch = await givenWatch();
    await begun(watch);
    watch.hint();
    const session = watch.server.state.sessions.at(-1)!;
    await pause(20);
    session.accessToken = 'e30.expired.x';

    watch.server.say(eventText('end', { reason: 'token-expired' }));

    await expect.poll(() => watch.count('streamEvents'), eventually).toBeGreaterThanOrEqual(3);
    await expect.poll(() => watch.server.streams.size, eventually).toBe(1);
    expect(watch.count('refresh')).toBe(1);
    const last = watch.server.requests.findLast(({ operationId }) => operationId === 'streamEvents');
    expect(last?.headers.get('last-event-id')).toBe('a-cursor');
    expect(last?.init).toMatchObject({ redirect: 'error', credentials: 'omit', cache: 'no-store' });
  });

  it('ends when the session has ended', async () => {
    const watch = await givenWatch();
    await begun(watch);
    watch.server.state.sessions.at(-1)!.ended = true;

    watch.server.say(eventText('end', { reason: 'session-ended' }));

    expect(await watch.failure).toBeInstanceOf(AuthError);
  });

  it('tries a sync again that failed for the network', async () => {
    const watch = await givenWatch();
    await begun(watch);
    await givenEntries(watch.world.device, 'one');
    let failures = 2;
    watch.server.intercept('getChanges', () => {
      failures -= 1;
      if (failures >= 0) throw new TypeError('fetch failed');
    });

    watch.hint();

    await expect.poll(() => watch.reports.at(-1)?.added, eventually).toBe(1);
  });

  it('ends with what its listener throws', async () => {
    const world = await givenWorld();
    const broken = new Error('of the listener');

    const error = await failureOf(
      world.device.client.watch({
        onChange() {
          throw broken;
        },
      }),
    );

    expect(error).toBe(broken);
  });
});

describe('a hostile stream', () => {
  it('of endless hints of nothing causes fewer and fewer syncs', async () => {
    const watch = await givenWatch();
    await begun(watch);
    const before = watch.count('getChanges');

    for (let round = 1; round <= 60; round += 1) {
      for (let count = 0; count < 50; count += 1) watch.hint(1_000 + round * 50 + count);
      await pause(10);
    }

    // 600 ms at 40, 80, 160, 160 ms apart; without the brake it would be 30 and without coalescing 3,000.
    expect(watch.count('getChanges') - before).toBeLessThanOrEqual(8);
    expect(watch.reports).toHaveLength(1);
  });

  it('that ends at once, again and again, is asked less and less often', async () => {
    const watch = await givenWatch({ retry: { first: 10, longest: 1_000 } }, (server) =>
      server.lie(
        'streamEvents',
        () => new Response('', { headers: { 'content-type': 'text/event-stream' } }),
      ),
    );

    await pause(600);

    expect(watch.count('streamEvents')).toBeGreaterThanOrEqual(3);
    expect(watch.count('streamEvents')).toBeLessThanOrEqual(8);
  });

  it('never makes the client show what was not verified: the sync finds the lie, and everything ends', async () => {
    const watch = await givenWatch();
    await begun(watch);
    await givenEntries(watch.world.device, 'one');
    const [entry] = [...vaultOf(watch.server).entries.values()];
    Object.assign(entry!, { tag: 'AAAAAAAAAAAAAAAAAAAAAA' });

    watch.hint();

    expect(await watch.failure).toBeInstanceOf(IntegrityError);
    expect(() => watch.open.vaults.entries()).toThrow(IntegrityError);
    const sent = watch.server.requests.length;
    await pause(100);
    expect(watch.server.requests).toHaveLength(sent);
    expect(watch.server.streams.size).toBe(0);
  });

  it('is left when somebody else finds the server lying', async () => {
    const watch = await givenWatch();
    await begun(watch);

    watch.open.gate.shut(new IntegrityError('found', 'by another call'));
    watch.server.say(':\n\n');

    expect(await watch.failure).toMatchObject({ code: 'found' });
  });

  it.for<readonly [string, string]>([
    ['no JSON', 'event: vault\ndata: {\n\n'],
    ['JSON of another form', eventText('vault', { vaultId: 'x', revision: 1 })],
    [
      'a revision beyond what is exact',
      'event: vault\ndata: {"vaultId":"0190163d-8694-739b-aea5-966c26f8ad90","revision":9007199254740993}\n\n',
    ],
    ['a key twice', 'event: end\ndata: {"reason":"shutdown","reason":"shutdown"}\n\n'],
    ['an end for no reason', eventText('end', { reason: 'https://evil.example' })],
    ['no data', 'event: vault\n\n'],
    ['an event too long', `: ${'x'.repeat(4_096)}\n\n`],
    ['a line that never ends', 'x'.repeat(5_000)],
  ])('with %s ends the watch with a typed error', async ([, text]) => {
    const watch = await givenWatch();
    await begun(watch);

    watch.server.say(text);

    expect(await watch.failure).toBeInstanceOf(ProtocolError);
    expect((await watch.failure).message).not.toContain('evil');
  });

  it.for<readonly [string, string]>([
    ['an unknown event', 'event: wipe\ndata: {"everything":true}\n\n'],
    ['a comment', ': hello\n\n'],
    ['an empty block', '\n\n'],
    ['unknown fields', 'retry: 0\nurl: https://evil.example\ncolour: red\n\n'],
    ['a field without a value', 'data\n\n'],
    ['an id that is no header', 'id: a\rb: c\n\n'],
  ])('with %s is passed over', async ([, text]) => {
    const watch = await givenWatch();
    await begun(watch);
    const before = watch.server.requests.length;

    watch.server.say(text);
    await pause(50);
    expect(watch.server.requests).toHaveLength(before);
    await givenEntries(watch.world.device, 'one');
    watch.hint();

    await expect.poll(() => watch.reports.length, eventually).toBe(2);
  });

  it.for<readonly [string, () => Response, abstract new (...args: never[]) => Error]>([
    [
      'JSON in its place',
      () => new Response('{}', { headers: { 'content-type': 'application/json' } }),
      ProtocolError,
    ],
    ['another success', () => new Response(null, { status: 204 }), ProtocolError],
    [
      'a redirect',
      () => new Response('', { status: 307, headers: { location: 'https://evil.example' } }),
      TransportError,
    ],
    ['a refusal', () => problemResponse('insufficient-permission'), AuthError],
  ])('with %s is refused', async ([, response, type]) => {
    const watch = await givenWatch({}, (server) => server.lie('streamEvents', response));

    expect(await watch.failure).toBeInstanceOf(type);
  });
});

describe('reading a stream', () => {
  const signal = new AbortController().signal;
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  async function collect(events: AsyncIterable<ServerSentEvent>): Promise<readonly ServerSentEvent[]> {
    const all: ServerSentEvent[] = [];
    for await (const event of events) all.push(event);
    return all;
  }

  function streamOf(...chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
  }

  it('gives the same events however they are cut, and drops one that is not finished', async () => {
    const text = `retry: 1\n\nid: a_1\nevent: vault\ndata: ä\ndata: b\n\n:\n\nevent: end\ndata: cut`;
    const whole = await collect(readEvents(streamOf(bytes(text)), { signal, silenceMs: 1_000 }));
    const cut = await collect(
      readEvents(streamOf(...[...bytes(text)].map((byte) => Uint8Array.of(byte))), {
        signal,
        silenceMs: 1_000,
      }),
    );

    expect(whole).toEqual([
      { name: '', data: '', id: undefined },
      { name: 'vault', data: 'ä\nb', id: 'a_1' },
      { name: '', data: '', id: undefined },
    ]);
    expect(cut).toEqual(whole);
  });

  it('takes an event of 4,096 characters and none of 4,097', async () => {
    const read = (length: number) =>
      collect(readEvents(streamOf(bytes(`:${'x'.repeat(length - 1)}\n\n`)), { signal, silenceMs: 1_000 }));

    expect(await read(4_095)).toHaveLength(1);
    expect(await read(4_096)).toHaveLength(1);
    expect(await failureOf(read(4_097))).toMatchObject({ code: 'stream-malformed' });
  });

  it('refuses what is not UTF-8', async () => {
    const events = readEvents(streamOf(Uint8Array.of(0xff, 0xfe)), { signal, silenceMs: 1_000 });

    expect(await failureOf(events.next())).toBeInstanceOf(ProtocolError);
  });

  it('gives a silent stream up', async () => {
    const events = readEvents(new ReadableStream(), { signal, silenceMs: 20 });

    expect(await failureOf(events.next())).toMatchObject({ name: 'TransportError', code: 'timeout' });
  });

  it('reads no faster than 64 KiB a second', async () => {
    const aborter = new AbortController();
    let pulls = 0;
    const flood = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulls += 1;
        controller.enqueue(bytes(':\n\n'.repeat(5_461)));
      },
    });
    const reading = failureOf(collect(readEvents(flood, { signal: aborter.signal, silenceMs: 1_000 })));

    await pause(300);
    aborter.abort(new Error('enough'));

    // 16 KiB each: five fill the first second, and one more is asked for ahead.
    expect((await reading).message).toBe('enough');
    expect(pulls).toBeLessThanOrEqual(7);
  });
});
