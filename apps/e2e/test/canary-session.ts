/** @file A session in which everything secret is a canary: what it is and who may have it is written down. */
import { randomBytes, randomUUID } from 'node:crypto';
import { createVaultClient, memoryStorage, openWithApiKey, type VaultClient } from '@zkvault/sdk';
import { makeInsecureKdf } from '@zkvault/sdk/testing';
import { seedOf } from '../../server/test/second-factor-client.ts';
import type { Needle } from './byte-needles.ts';
import { presentTotp } from './present-totp.ts';

/** What a session leaves behind. */
export interface CanarySession {
  readonly login: string;
  readonly accountId: string;
  readonly deviceName: string;
  /** What is for the client alone: the server must never have it, not even for a moment. */
  readonly neverSent: readonly Needle[];
  /** What the server is told, or tells: it must not keep it. */
  readonly passing: readonly Needle[];
  /** An authKey that is right to the end. */
  readonly authKey: string;
}

const canary = (what: string): string => `${what} ${randomBytes(9).toString('base64url')}`;

/** Goes through it on a server. */
export async function runCanarySession(baseUrl: string): Promise<CanarySession> {
  const login = `canary-${randomBytes(4).toString('hex')}@example.com`;
  const deviceName = canary('device');
  const password = `Aa1! ${canary('master password')}`;
  const nextPassword = `Aa1! ${canary('another master password')}`;
  const heard = new Map<string, string>();
  let rightAuthKey = '';
  const clientOf = (): VaultClient =>
    createVaultClient({
      baseUrl,
      storage: memoryStorage(),
      kdf: makeInsecureKdf(),
      deviceName,
      timeoutMs: 60_000,
      async fetch(url, init) {
        const response = await fetch(url, init);
        const sent = typeof init.body === 'string' ? init.body : '';
        const texts = [sent, await response.clone().text()];
        for (const text of texts)
          for (const [, field = '', value = ''] of text.matchAll(SPOKEN)) heard.set(value, field);
        if (url.endsWith('/auth/login') && response.ok)
          rightAuthKey = (JSON.parse(sent) as { authKey: string }).authKey;
        return response;
      },
    });

  const laptop = clientOf();
  const { accountId, secretKey, recoveryKey } = await laptop.register({
    login,
    password,
    recovery: 'generate',
  });
  await laptop.login({ login, password });
  const entry = {
    title: canary('title'),
    username: canary('username'),
    password: canary('entry password'),
    notes: canary('notes'),
    totp: `otpauth://totp/x?secret=${randomBytes(20)
      .toString('hex')
      .toUpperCase()
      .replaceAll(/[0189]/g, 'A')}`,
  };
  const { id } = await laptop.entries.create({ type: 'login', ...entry });
  const changed = { title: canary('changed title'), notes: canary('changed notes') };
  await laptop.entries.update(id, changed);

  const { secret } = await laptop.secondFactor.setup({ password });
  const totp = await presentTotp(seedOf(secret));
  const { recoveryCodes } = await laptop.secondFactor.verify({ password, totp });
  const made = await laptop.apiKeys.create({
    password,
    name: 'robot',
    scopes: ['entries:read', 'entries:write'],
  });
  const robot = await openWithApiKey({ baseUrl, apiKey: made.token, storage: memoryStorage() });
  const written = canary('title of the robot');
  await robot.entries.create({ type: 'note', title: written });
  robot.close();
  await laptop.account.changePassword({ currentPassword: password, newPassword: nextPassword });

  const phone = clientOf();
  await phone.login({
    login,
    password: nextPassword,
    secretKey: secretKey ?? '',
    secondFactor: { recoveryCode: recoveryCodes[0] ?? '' },
  });
  await phone.entries.list();
  const wrong = await phone
    .login({ login, password: canary('wrong password'), secretKey: secretKey ?? '' })
    .catch((error: unknown) => error);
  if (!(wrong instanceof Error)) throw new Error('a wrong password was taken');
  const { authKey } = await refusedRequests(baseUrl, login, heard);

  const ofKind = (kind: string) => [...heard].filter(([, field]) => field === kind).map(([value]) => value);
  const [credential, keyHalf] = [made.token.slice(0, -44), made.token.slice(-43)];
  const texts = (name: string, values: readonly string[]): Needle[] =>
    values.flatMap((value, index) => [
      { name: `${name} ${index}`, value },
      ...(/^[A-Za-z0-9_-]{43}$/.test(value)
        ? [{ name: `${name} ${index} as bytes`, value: Buffer.from(value, 'base64url') }]
        : []),
    ]);
  return {
    login,
    accountId,
    deviceName,
    neverSent: [
      ...texts('of an entry', [...Object.values(entry), ...Object.values(changed), written]),
      ...texts('master password', [password, nextPassword]),
      ...texts('Secret Key', [secretKey ?? '']),
      ...texts('recovery key', [recoveryKey ?? '']),
      ...texts('key half of an API key', [keyHalf]),
    ],
    passing: [
      ...texts('authKey', [...ofKind('authKey'), ...ofKind('newAuthKey'), authKey]),
      ...texts('recovery authKey', ofKind('recoveryAuthKey')),
      ...texts('access token', ofKind('accessToken')),
      ...texts('refresh token', ofKind('refreshToken')),
      ...texts('seed of a second factor', [secret]),
      { name: 'seed of a second factor as bytes', value: seedOf(secret) },
      ...texts('recovery code', recoveryCodes),
      ...texts('credential of an API key', [credential, credential.slice(-43)]),
    ],
    authKey: rightAuthKey,
  };
}

const SPOKEN = /"(authKey|newAuthKey|recoveryAuthKey|accessToken|refreshToken)":"([^"]+)"/g;

/** Requests that fail, with secrets in all the wrong places. */
async function refusedRequests(baseUrl: string, login: string, heard: ReadonlyMap<string, string>) {
  const authKey = randomBytes(32).toString('base64url');
  const token = [...heard].find(([, field]) => field === 'accessToken')?.[0] ?? '';
  const json = { 'content-type': 'application/json' };
  const url = `${baseUrl}/api/v1`;
  const device = { id: randomUUID(), name: 'x' };
  for (const [path, init] of [
    [`/auth/login`, { method: 'POST', headers: json, body: `{"login":"${login}","authKey":"${authKey}"` }],
    [
      `/auth/login`,
      { method: 'POST', headers: json, body: JSON.stringify({ login, authKey, transport: 'body', device }) },
    ],
    [`/entries?token=${token}&authKey=${authKey}`, { headers: { authorization: `Bearer ${token}x` } }],
    [`/${token}`, { headers: { 'x-api-key': authKey, cookie: `refresh=${authKey}`, referer: authKey } }],
  ] as const)
    await (await fetch(url + path, init)).arrayBuffer();
  return { authKey };
}
