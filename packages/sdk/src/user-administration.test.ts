import { expect, it } from 'vitest';
import { ProtocolError } from './errors.ts';
import type { OpenClient } from './open-client.ts';
import { makeUserAdministration } from './user-administration.ts';

it('does not follow a list of accounts that has no end', async () => {
  let asked = 0;
  const send = async () => {
    asked += 1;
    return { items: [], nextCursor: 'again' };
  };
  const users = makeUserAdministration(async () => ({ calls: { send } }) as unknown as OpenClient);

  const failure = await users.list().catch((error: unknown) => error);

  expect(failure).toBeInstanceOf(ProtocolError);
  expect(asked).toBe(1_000);
});
