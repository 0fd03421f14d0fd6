/**
 * The rotation of the server's keys, as docs/operations.md has it: a key is put in front, everything made under
 * the one before goes on, moves over as it is used, and what has not moved is counted before the old key goes.
 */
import { randomBytes } from 'node:crypto';
import type { Invitation } from '@zkvault/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingKeys, readKeyUses } from '../src/commands/keys-status.ts';
import { verifyAudit } from '../src/features/audit/verify-service.ts';
import { resealSeeds } from '../src/features/second-factor/reseal-service.ts';
import { makeKeyRing } from '../src/lib/key-ring.ts';
import { makeSealerAtRest } from '../src/lib/sealed-at-rest.ts';
import type { Credentials } from './auth-client.ts';
import { type GuardedAccount, type SecondFactorClient, secondFactorClient } from './second-factor-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';
import { mustBe } from './vault-api.ts';

const older = { id: 'older', secret: new Uint8Array(randomBytes(32)) };
const newer = { id: 'newer', secret: new Uint8Array(randomBytes(32)) };
const rings = {
  before: makeKeyRing([older]),
  both: makeKeyRing([newer, older]),
  after: makeKeyRing([newer]),
};

let before: TestServer;
let both: TestServer;
let after: TestServer;
let client: Record<keyof typeof rings, SecondFactorClient>;
let ada: Credentials;
let eve: Credentials;
let guarded: GuardedAccount;
let tokens: { readonly plain: string; readonly repeated: string };
let invitation: string;
let falseSalt: string;

beforeAll(async () => {
  before = await startTestServer({ keyRing: rings.before });
  both = await startTestServer({ keyRing: rings.both, db: before.db });
  after = await startTestServer({ keyRing: rings.after, db: before.db });
  client = {
    before: secondFactorClient(before),
    both: secondFactorClient(both),
    after: secondFactorClient(after),
  };
  ada = await client.before.givenAccount();
  eve = await client.before.givenAccount();
  guarded = await client.before.givenGuarded();
  await before.db.insertInto('second_factors').values(seedOfSomebodyAway(eve.accountId)).execute();
  tokens = {
    plain: (await client.before.givenLogin(ada)).refreshToken,
    repeated: (await client.before.givenLogin(ada)).refreshToken,
  };
  const as = await before.givenAccount('admin');
  const invited = await before.send({ method: 'POST', url: '/api/v1/users', payload: {}, as });
  invitation = mustBe(201, invited).json<Invitation>().token;
  falseSalt = await saltOf('before', 'nobody');
});
afterAll(async () => {
  await after.close();
  await both.close();
  await before.close();
});

/** A seed that no login touches. */
function seedOfSomebodyAway(userId: string) {
  const { keyId, sealed } = makeSealerAtRest(rings.before, 'totp-seed').seal(userId, randomBytes(20));
  return { user_id: userId, key_id: keyId, sealed_seed: sealed };
}

async function saltOf(ring: keyof typeof rings, login: string): Promise<string> {
  return (await client[ring].post('/api/v1/auth/prelogin', { login })).json<{ salt: string }>().salt;
}

function refresh(ring: keyof typeof rings, refreshToken: string, idempotencyKey?: string) {
  const headers = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
  return client[ring].post('/api/v1/auth/refresh', { refreshToken }, headers);
}

async function rowsUnder(keyId: string): Promise<Record<string, number>> {
  const uses = await readKeyUses(before.db, rings.both);
  return Object.fromEntries(
    uses.filter((use) => use.keyId === keyId).map(({ table, rows }) => [table, rows]),
  );
}

describe('a key that is put in front', () => {
  it('leaves a password right, and takes its verifier over at the login', async () => {
    const keyOf = async () =>
      (
        await before.db
          .selectFrom('users')
          .select('verifier_key_id')
          .where('id', '=', ada.accountId)
          .executeTakeFirstOrThrow()
      ).verifier_key_id;
    const was = await keyOf();

    const login = await client.both.logIn(ada);
    const again = await client.both.logIn(ada);
    const wrong = await client.both.logIn({ ...ada, authKey: eve.authKey });

    expect([login.statusCode, again.statusCode, wrong.statusCode]).toEqual([200, 200, 401]);
    expect([was, await keyOf()]).toEqual(['older', 'newer']);
  });

  it('leaves a refresh token good for one use, whose successor is of the new key', async () => {
    const first = await refresh('both', tokens.plain);
    const { refreshToken } = first.json<{ refreshToken: string }>();
    const onlyNewer = await refresh('after', refreshToken);
    const replayed = await refresh('both', tokens.plain);

    expect([first.statusCode, onlyNewer.statusCode, replayed.statusCode]).toEqual([200, 200, 401]);
  });

  it('leaves a repeated refresh one refresh, also if the key comes in between, and moves the session', async () => {
    const first = await refresh('before', tokens.repeated, 'key-of-a-client-1');
    const second = await refresh('both', tokens.repeated, 'key-of-a-client-1');
    const { refreshToken } = second.json<{ refreshToken: string }>();
    const third = await refresh('both', refreshToken, 'key-of-a-client-2');

    expect(second.json()).toMatchObject({
      refreshToken: first.json<{ refreshToken: string }>().refreshToken,
    });
    const moved = await refresh('after', third.json<{ refreshToken: string }>().refreshToken);
    expect(moved.statusCode).toBe(200);
  });

  it('leaves an invitation and a recovery code good', async () => {
    const registered = await client.both.post(
      '/api/v1/auth/register',
      client.both.registration({ invitation }),
    );
    const byCode = await client.both.logIn(guarded, { recoveryCode: guarded.recoveryCodes[0] });

    expect([registered.statusCode, byCode.statusCode]).toEqual([201, 200]);
  });

  it('leaves the salt of a login that does not exist as it was', async () => {
    expect(await saltOf('both', 'nobody')).toBe(falseSalt);
  });

  it('leaves the audit log whole, across events of both keys', async () => {
    const under = await rowsUnder('newer');

    expect(under['audit_events']).toBeGreaterThan(0);
    expect((await rowsUnder('older'))['audit_events']).toBeGreaterThan(0);
    expect((await verifyAudit(before.db, rings.both)).faults).toEqual([]);
  });
});

describe('before an old key is taken out', () => {
  it('what still depends on it is counted', async () => {
    expect(await rowsUnder('older')).toMatchObject({ users: 1, second_factors: 2, recovery_codes: 9 });
    expect(missingKeys(await readKeyUses(before.db, rings.both))).toEqual(['test']);
    expect(missingKeys(await readKeyUses(before.db, rings.after))).toEqual(['older', 'test']);
  });

  it('the seeds of second factors are sealed anew, each once, and those that do not open are counted', async () => {
    await before.db
      .updateTable('second_factors')
      .set({ key_id: 'elsewhere' })
      .where('user_id', '=', eve.accountId)
      .execute();
    const withALost = await resealSeeds(before.db, rings.both);
    await before.db
      .updateTable('second_factors')
      .set({ key_id: 'older' })
      .where('user_id', '=', eve.accountId)
      .execute();

    const rest = await resealSeeds(before.db, rings.both);
    const again = await resealSeeds(before.db, rings.both);

    expect(withALost).toEqual({ resealed: 1, unopened: 1 });
    expect(rest).toEqual({ resealed: 1, unopened: 0 });
    expect(again).toEqual({ resealed: 0, unopened: 0 });
    expect((await rowsUnder('older'))['second_factors']).toBeUndefined();
  });
});

describe('an old key that is taken out', () => {
  it('leaves whoever logged in since at home, second factor and all', async () => {
    await client.both.forgetSteps(guarded.accountId);
    const totp = await client.after.totp(guarded.seed);

    const plain = await client.after.logIn(ada);
    const withFactor = await client.after.logIn(guarded, { totp });

    expect([plain.statusCode, withFactor.statusCode]).toEqual([200, 200]);
  });

  it('leaves whoever did not outside, until it is put back', async () => {
    const refused = await client.after.logIn(eve);
    const code = await client.after.logIn(guarded, { recoveryCode: guarded.recoveryCodes[1] });
    const back = await client.both.logIn(eve);

    expect([refused.statusCode, code.statusCode, back.statusCode]).toEqual([401, 401, 200]);
  });

  it('leaves its audit events to be verified with the key, given for that', async () => {
    const without = await verifyAudit(before.db, rings.after);

    expect(new Set(without.faults.map(({ what }) => what))).toEqual(new Set(['key-not-in-the-ring']));
    expect((await verifyAudit(before.db, rings.both)).faults).toEqual([]);
  });
});
