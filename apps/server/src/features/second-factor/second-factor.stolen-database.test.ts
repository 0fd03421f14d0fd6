/**
 * A stolen database: the seed is what every later one-time password follows from, and a recovery code is worth
 * one. Neither is in it in a form that says anything without the server keys, and rows put in another place
 * (by a thief who may also write) open nothing.
 */
import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  SECOND_FACTOR,
  type SecondFactorClient,
  secondFactorClient,
} from '../../../test/second-factor-client.ts';
import { startTestServer, type TestServer } from '../../../test/test-server.ts';
import { makeKeyRing } from '../../lib/key-ring.ts';

let server: TestServer;
let client: SecondFactorClient;

beforeAll(async () => {
  server = await startTestServer();
  client = secondFactorClient(server);
});
afterAll(() => server.close());

/** Every row of every table, as text. */
async function dump(): Promise<string> {
  const tables = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'`.execute(server.db);
  const parts: string[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(name)} t`.execute(
      server.db,
    );
    parts.push(name, ...rows.map(({ row }) => row));
  }
  return parts.join('\n');
}

describe('a dump of the database', () => {
  it('has neither seeds nor recovery codes in it, nor hashes that a code can be guessed from', async () => {
    const account = await client.givenGuarded();
    const pending = await client.givenSession();
    const setup = await client.post(`${SECOND_FACTOR}/setup`, { authKey: pending.authKey }, pending.bearer);

    const everything = (await dump()).toLowerCase();

    expect(everything).toContain(account.accountId);
    const secrets = [account.secret, setup.json<{ secret: string }>().secret];
    const bytes = Buffer.from(account.seed);
    for (const code of account.recoveryCodes) {
      const plain = code.replaceAll('-', '');
      secrets.push(code, plain);
      for (const text of [code, plain])
        secrets.push(Buffer.from(text).toString('hex'), createHash('sha256').update(text).digest('hex'));
    }
    secrets.push(bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url'));
    secrets.push(Buffer.from(account.secret).toString('hex'));
    for (const secret of secrets) expect(everything).not.toContain(secret.toLowerCase());
  });
});

describe('a row moved by hand', () => {
  it('opens nothing: a seed belongs to its account', async () => {
    const ada = await client.givenGuarded();
    const eve = await client.givenGuarded();
    const stolen = await server.db
      .selectFrom('second_factors')
      .select(['key_id', 'sealed_seed'])
      .where('user_id', '=', eve.accountId)
      .executeTakeFirstOrThrow();
    await server.db.updateTable('second_factors').set(stolen).where('user_id', '=', ada.accountId).execute();

    const answer = await client.logIn(ada, { totp: await client.totp(eve.seed) });

    expect(answer.statusCode).toBe(500);
  });

  it('opens nothing: a recovery code belongs to its account', async () => {
    const ada = await client.givenGuarded();
    const eve = await client.givenGuarded();
    await server.db.deleteFrom('recovery_codes').where('user_id', '=', ada.accountId).execute();
    await server.db
      .updateTable('recovery_codes')
      .set({ user_id: ada.accountId })
      .where('user_id', '=', eve.accountId)
      .execute();

    const answer = await client.logIn(ada, { recoveryCode: eve.recoveryCodes[0] });

    expect(answer.statusCode).toBe(401);
  });

  it('lets nobody in: an account whose seed is gone still asks for its second factor', async () => {
    const account = await client.givenGuarded();
    await server.db.deleteFrom('second_factors').where('user_id', '=', account.accountId).execute();

    expect((await client.logIn(account)).statusCode).toBe(401);
    expect((await client.logIn(account, { totp: await client.totp(account.seed) })).statusCode).toBe(401);
    expect((await client.logIn(account, { recoveryCode: account.recoveryCodes[0] })).statusCode).toBe(200);
  });
});

describe('a server key that is rotated', () => {
  const older = { id: 'older', secret: new Uint8Array(randomBytes(32)) };
  const newer = { id: 'newer', secret: new Uint8Array(randomBytes(32)) };

  it('keeps second factors working; a use seals the seed under the newest key', async () => {
    const before = await startTestServer({ keyRing: makeKeyRing([older]) });
    const beforeClient = secondFactorClient(before);
    const account = await beforeClient.givenGuarded();
    const after = await startTestServer({ keyRing: makeKeyRing([newer, older]), db: before.db });
    const afterClient = secondFactorClient(after);
    const keyIds = async () =>
      (await before.db.selectFrom('second_factors').select('key_id').execute()).map(({ key_id }) => key_id);

    const keyBefore = await keyIds();
    const byTotp = await afterClient.logIn(account, { totp: await afterClient.totp(account.seed) });
    const byCode = await afterClient.logIn(account, { recoveryCode: account.recoveryCodes[0] });

    expect([byTotp.statusCode, byCode.statusCode]).toEqual([200, 200]);
    expect([keyBefore, await keyIds()]).toEqual([['older'], ['newer']]);
    await beforeClient.forgetSteps(account.accountId);
    const again = await afterClient.logIn(account, { totp: await afterClient.totp(account.seed) });
    expect(again.statusCode).toBe(200);
    await after.close();
    await before.close();
  });
});
