import { describe, expect, it } from 'vitest';
import { AuthError, LockedError, ProtocolError, RateLimitError } from './errors.ts';
import { memoryStorage } from './storage.ts';
import { makeTokenKeeper, readRefreshToken, tokensFromAnswer, writeTokens } from './tokens.ts';
import type { Transport } from './transport.ts';

const KEY = 'tokens';
const answer = (name: string) => ({
  accessToken: `access-${name}`,
  refreshToken: name,
  tokenType: 'Bearer' as const,
  expiresIn: 900,
});

/** A keeper with tokens `old`, over a server that gives `new` for any renewal and counts them. */
async function givenKeeper() {
  const storage = memoryStorage();
  await writeTokens(storage, KEY, tokensFromAnswer(answer('old'), 0));
  const renewals: unknown[] = [];
  const transport = {
    async call(_: unknown, request: unknown) {
      renewals.push(request);
      await Promise.resolve();
      return answer('new');
    },
  } as unknown as Transport;
  const keeper = makeTokenKeeper({ transport, storage, storageKey: KEY, now: () => 0 });
  return { keeper, storage, renewals };
}

/** A server that takes only the new token. */
async function send(accessToken: string): Promise<string> {
  await Promise.resolve();
  if (accessToken !== 'access-new') throw new AuthError('invalid-token', 'refused');
  return accessToken;
}

describe('tokens', () => {
  it('are renewed once for all who are refused at the same time', async () => {
    const { keeper, storage, renewals } = await givenKeeper();

    const sent = await Promise.all(Array.from({ length: 20 }, () => keeper.authorized(undefined, send)));

    expect(new Set(sent)).toEqual(new Set(['access-new']));
    expect(renewals).toHaveLength(1);
    expect(await readRefreshToken(storage, KEY)).toBe('new');
  });

  it('are not renewed for a refusal that is about something else', async () => {
    const { keeper, renewals } = await givenKeeper();

    await expect(
      keeper.authorized(undefined, () => Promise.reject(new AuthError('insufficient-permission', 'refused'))),
    ).rejects.toMatchObject({ code: 'insufficient-permission' });

    expect(renewals).toEqual([]);
  });

  it('are kept when the server asks to wait with their renewal', async () => {
    const storage = memoryStorage();
    await writeTokens(storage, KEY, tokensFromAnswer(answer('old'), 0));
    const transport = { call: () => Promise.reject(new RateLimitError(42)) } as unknown as Transport;
    const keeper = makeTokenKeeper({ transport, storage, storageKey: KEY, now: () => 0 });

    await expect(keeper.authorized(undefined, send)).rejects.toMatchObject({ retryAfterSeconds: 42 });

    expect(await readRefreshToken(storage, KEY)).toBe('old');
  });

  it('are not written after the keeper was closed', async () => {
    const { keeper, storage } = await givenKeeper();
    const sending = keeper.authorized(undefined, send).catch((error: unknown) => error);

    keeper.close();
    await sending;

    expect(await readRefreshToken(storage, KEY)).toBe('old');
    await expect(keeper.authorized(undefined, send)).rejects.toThrow(LockedError);
  });

  it('end the wait of one caller who aborts, and of no other', async () => {
    const { keeper, renewals } = await givenKeeper();
    const aborter = new AbortController();
    const impatient = keeper.authorized(aborter.signal, send);
    const patient = keeper.authorized(undefined, send);

    aborter.abort(new Error('enough'));

    await expect(impatient).rejects.toThrow('enough');
    expect(await patient).toBe('access-new');
    expect(renewals).toHaveLength(1);
  });

  it('without a refresh token are none', () => {
    const { refreshToken, ...rest } = answer('x');

    expect(refreshToken).toBe('x');
    expect(() => tokensFromAnswer(rest, 0)).toThrow(ProtocolError);
  });

  it('that are broken in storage count as absent at a logout', async () => {
    const storage = memoryStorage();
    await storage.set(KEY, Uint8Array.of(0x7b));

    expect(await readRefreshToken(storage, KEY)).toBeUndefined();
    expect(await readRefreshToken(storage, 'another')).toBeUndefined();
  });
});
