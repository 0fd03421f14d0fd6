import { randomUUID } from 'node:crypto';
import { EVENT_STREAM_LIMITS, type Problem } from '@zkvault/contract';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EventReader, openEvents } from '../../../test/event-reader.ts';
import {
  startTestServer,
  type TestAccount,
  type TestServer,
  testJwtSecret,
  testSettings,
} from '../../../test/test-server.ts';
import { type VaultApi, vaultApi } from '../../../test/vault-api.ts';
import { aPut } from '../../../test/vault-values.ts';
import { makeAccessTokens } from '../sessions/access-token.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

interface Owner {
  readonly account: TestAccount;
  readonly api: VaultApi;
  readonly vaultId: string;
  /** Commits one entry on top of `seq` commits. */
  write(seq: number): Promise<void>;
}

async function givenOwner(): Promise<Owner> {
  const account = await server.givenAccount();
  const api = vaultApi(server, account);
  const vaultId = await api.givenVault('none');
  return {
    account,
    api,
    vaultId,
    write: (seq) => api.givenCommit(vaultId, { baseSeq: seq, operations: [aPut(randomUUID(), 1)] }),
  };
}

/** Reads until an event says what is expected, and gives what was passed over. */
async function readUntil(events: EventReader, name: string, data: object): Promise<number> {
  for (let passed = 0; ; passed += 1) {
    const event = await events.next();
    if (event === undefined) throw new Error('the stream has ended');
    if (event.name !== name) continue;
    if (JSON.stringify(event.data) === JSON.stringify(data)) return passed;
  }
}

const eventually = { timeout: 10_000 } as const;

describe('the stream of events', () => {
  it('begins with what there is, tells each commit, and nothing of other accounts', async () => {
    const { account, vaultId, write } = await givenOwner();
    const stranger = await givenOwner();
    const events = await openEvents(server, account);

    const first = await events.next();
    await stranger.write(0);
    await write(0);
    const second = await events.next();
    await write(1);
    const third = await events.next();

    expect(events.status).toBe(200);
    expect([first, second, third]).toEqual(
      [0, 1, 2].map((revision) => ({
        name: 'vault',
        id: expect.stringMatching(/^[\w-]{22}$/) as unknown,
        data: { vaultId, revision },
      })),
    );
    events.leave();
  });

  it('has the headers of every answer and those of a stream that no proxy may keep or hold back', async () => {
    const { account } = await givenOwner();

    const events = await openEvents(server, account, { 'accept-encoding': 'gzip' });

    expect(events.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.any(String) as unknown,
    });
    expect(events.headers).not.toHaveProperty('content-encoding');
    events.leave();
  });

  it('tells a vault that is made while it is open', async () => {
    const { account, api } = await givenOwner();
    const events = await openEvents(server, account);
    await events.next();

    const vaultId = await api.givenVault('none');

    expect(await events.next()).toMatchObject({ data: { vaultId, revision: 0 } });
    events.leave();
  });

  it('goes on after the last event that arrived: what was missed is told, and nothing if nothing was', async () => {
    const { account, vaultId, write } = await givenOwner();
    await write(0);
    const before = await openEvents(server, account);
    const { id = '' } = (await before.next()) ?? {};
    before.leave();

    const unchanged = await openEvents(server, account, { 'last-event-id': id });
    await write(1);
    const told = await unchanged.next();
    unchanged.leave();
    const missed = await openEvents(server, account, { 'last-event-id': id });
    const unknown = await openEvents(server, account, { 'last-event-id': 'of another server' });

    expect(told).toMatchObject({ data: { vaultId, revision: 2 } });
    expect(await missed.next()).toMatchObject({ data: { vaultId, revision: 2 }, id: told?.id });
    expect(await unknown.next()).toMatchObject({ data: { vaultId, revision: 2 } });
    missed.leave();
    unknown.leave();
  });

  it('keeps no backlog for a reader that does not read: it has one revision of each vault to come', async () => {
    const { account, vaultId } = await givenOwner();
    const events = await openEvents(server, account);
    const change = (from: number, to: number): Promise<unknown> =>
      sql`
        select pg_notify('zkvault_changes', format('vault %s %s %s', ${account.userId}::text, ${vaultId}::text, n))
        from generate_series(${from}::int, ${to}::int) as n`.execute(server.db);

    // The connection of a test takes 64 KiB before it is full; an event has about 130 bytes.
    await change(1, 5_000);
    await expect.poll(() => events.unreadBytes(), eventually).toBeGreaterThanOrEqual(65_536);
    const isTold = new Promise<void>((resolve) => {
      const onVaultChanged = ({ revision }: { revision: number }) => revision === 20_000 && resolve();
      server.changes.subscribe({ onVaultChanged, onResync: () => {} });
    });
    await change(5_001, 10_000);
    await change(20_000, 20_000);
    // What comes while the reader reads is told as it comes.
    await isTold;

    expect(await readUntil(events, 'vault', { vaultId, revision: 20_000 })).toBeLessThan(1_000);
    events.leave();
  });

  it('is refused to nobody in particular: without a token, with an unknown one, and for HEAD', async () => {
    const bare = await server.send({ method: 'GET', url: '/api/v1/events' });
    const forged = await server.send({
      method: 'GET',
      url: '/api/v1/events',
      headers: { authorization: 'Bearer x.y.z' },
    });
    const head = await server.send({
      method: 'HEAD',
      url: '/api/v1/events',
      as: await server.givenAccount(),
    });

    expect([bare.statusCode, forged.statusCode, head.statusCode]).toEqual([401, 401, 404]);
    expect(bare.headers['content-type']).toContain('application/problem+json');
  });
});

describe('a stream ends', () => {
  it.for<readonly [string, (owner: Owner, admin: TestAccount) => Promise<unknown>]>([
    [
      'its session is logged out',
      ({ account }) => server.send({ method: 'POST', url: '/api/v1/auth/logout', as: account }),
    ],
    [
      'its session is revoked from elsewhere',
      async ({ account }) =>
        server.db
          .updateTable('sessions')
          .set({ revoked_at: new Date(), revoked_reason: 'revoked' })
          .where('id', '=', account.sessionId)
          .execute(),
    ],
    [
      'its account gets another role',
      ({ account }, as) =>
        server.send({
          method: 'PUT',
          url: `/api/v1/users/${account.userId}`,
          as,
          payload: { role: 'viewer' },
        }),
    ],
    [
      'its account is deleted',
      ({ account }, as) => server.send({ method: 'DELETE', url: `/api/v1/users/${account.userId}`, as }),
    ],
  ])('at once when %s, and others go on', async ([, act]) => {
    const owner = await givenOwner();
    const other = await givenOwner();
    const admin = await server.givenAccount('admin');
    const [events, others] = [
      await openEvents(server, owner.account),
      await openEvents(server, other.account),
    ];
    await events.next();
    await others.next();

    await act(owner, admin);
    await other.write(0);

    expect(await events.next()).toEqual({ name: 'end', data: { reason: 'session-ended' } });
    expect(await events.next()).toBeUndefined();
    expect(await others.next()).toMatchObject({ data: { revision: 1 } });
    others.leave();
  });

  it('when its access token expires', async () => {
    const { account } = await givenOwner();
    const { accessTokenTtlSeconds, jwtIssuer: issuer, jwtAudience: audience } = testSettings;
    const tokens = makeAccessTokens({ secrets: [testJwtSecret], issuer, audience, ttlSeconds: 1 });
    const claims = { userId: account.userId, sessionId: account.sessionId, role: 'user' as const };
    const token = await tokens.sign(claims, new Date(Date.now() + 1_000));
    expect(accessTokenTtlSeconds).toBeGreaterThan(60);
    const events = await openEvents(server, { ...account, token });
    await events.next();

    // A heartbeat may come first: when it does is up to the server's own clock.
    let last = await events.next();
    if (last?.name === 'comment') last = await events.next();
    expect(last).toEqual({ name: 'end', data: { reason: 'token-expired' } });
    expect(await events.next()).toBeUndefined();
  });

  it('when the server stops, with the word to come back', async () => {
    const stopping = await startTestServer();
    const account = await stopping.givenAccount();
    await vaultApi(stopping, account).givenVault('none');
    const events = await openEvents(stopping, account);
    await events.next();

    const stopped = stopping.close();

    expect(await events.next()).toEqual({ name: 'end', data: { reason: 'shutdown' } });
    await stopped;
  });
});

describe('the number of streams', () => {
  const refusal = { status: 429, code: 'too-many-streams' } as const;

  async function open(account: TestAccount): Promise<EventReader | object> {
    const events = await openEvents(server, account);
    if (events.status === 200) return events;
    const whole = await server.send({ method: 'GET', url: '/api/v1/events', as: account });
    const { code } = whole.json<Problem>();
    expect(whole.headers['retry-after']).toBe('60');
    return { status: whole.statusCode, code };
  }

  it('is bounded for a session: n - 1, n, and n + 1 only after one was closed', async () => {
    const account = await server.givenAccount();
    const readers: (EventReader | object)[] = [];
    for (let count = 0; count < EVENT_STREAM_LIMITS.perSession; count += 1) readers.push(await open(account));

    const oneMore = await open(account);
    const [first] = readers as EventReader[];
    first?.leave();

    expect(readers.map((reader) => 'leave' in reader)).toEqual(readers.map(() => true));
    expect(oneMore).toEqual(refusal);
    await expect.poll(async () => 'leave' in (await open(account)), eventually).toBe(true);
    expect(await open(account)).toEqual(refusal);
    for (const reader of readers as EventReader[]) reader.leave();
  });

  it('is bounded for an account, over its sessions', async () => {
    const account = await server.givenAccount();
    const { perAccount, perSession } = EVENT_STREAM_LIMITS;
    const readers: (EventReader | object)[] = [];
    for (let count = 0; count < perAccount / perSession; count += 1) {
      const session = await givenSession(account);
      for (let index = 0; index < perSession; index += 1) readers.push(await open(session));
    }

    const oneMore = await open(await givenSession(account));

    expect(readers.filter((reader) => 'leave' in reader)).toHaveLength(perAccount);
    expect(oneMore).toEqual(refusal);
    for (const reader of readers as EventReader[]) reader.leave();
  });
});

/** One more session of an account. */
async function givenSession({ userId }: TestAccount): Promise<TestAccount> {
  const { sessionId } = await server.givenAccount();
  await server.db.updateTable('sessions').set({ user_id: userId }).where('id', '=', sessionId).execute();
  const { jwtIssuer: issuer, jwtAudience: audience } = testSettings;
  const tokens = makeAccessTokens({ secrets: [testJwtSecret], issuer, audience, ttlSeconds: 600 });
  return {
    userId,
    sessionId,
    token: await tokens.sign({ userId, sessionId, role: 'user' as const }, new Date()),
  };
}
