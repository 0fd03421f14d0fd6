/** @file A client of the account routes for tests: values of the right form, and the requests that carry them. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { BodyOf, LoginAnswer, login, register } from '@zkvault/contract';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';

/** base64url of random bytes. */
export function someBytes(length: number): string {
  return randomBytes(length).toString('base64url');
}

/** A wrap of the right form that opens to nothing. */
export function aWrap(): { ciphertext: string; iv: string; tag: string } {
  return { ciphertext: someBytes(305), iv: someBytes(12), tag: someBytes(16) };
}

/** An account as its owner knows it. */
export interface Credentials {
  readonly accountId: string;
  readonly login: string;
  readonly authKey: string;
  readonly salt: string;
}

/** Requests to the account routes. */
export interface AuthClient {
  /** A registration that brings its own format, and what is changed in it. */
  registration(change?: object): BodyOf<typeof register>;
  /** The four parts of an account with key material. */
  keyMaterial(): Pick<BodyOf<typeof register>, 'akEpoch' | 'wrap' | 'accountState' | 'vaults'>;
  loginBody(of: Pick<Credentials, 'login' | 'authKey'>, change?: object): BodyOf<typeof login>;
  post(url: string, payload?: object, headers?: InjectOptions['headers']): Promise<LightMyRequestResponse>;
  /** Registers an account and fails if that is refused. */
  givenAccount(change?: object): Promise<Credentials>;
  /** Logs in and fails if that is refused. */
  givenLogin(of: Pick<Credentials, 'login' | 'authKey'>): Promise<LoginAnswer & { refreshToken: string }>;
}

/** Makes a client of an app. */
export function authClient(app: FastifyInstance): AuthClient {
  const client: AuthClient = {
    registration: (change = {}) => ({
      accountId: randomUUID(),
      login: `user-${randomBytes(8).toString('hex')}`,
      profile: 1,
      salt: someBytes(16),
      authKey: someBytes(32),
      ...change,
    }),
    keyMaterial: () => ({
      akEpoch: 1,
      wrap: aWrap(),
      accountState: { ...aWrap(), seq: 0 },
      vaults: [
        {
          id: randomUUID(),
          integrity: 'manifest',
          role: 'owner',
          vkEpoch: 1,
          wrap: aWrap(),
          manifest: { ...aWrap(), seq: 0 },
        },
      ],
    }),
    loginBody: ({ login: name, authKey }, change = {}) => ({
      login: name,
      authKey,
      transport: 'body',
      device: { id: randomUUID(), name: 'a test' },
      ...change,
    }),
    post: (url, payload, headers) =>
      app.inject({
        method: 'POST',
        url,
        ...(payload === undefined ? {} : { payload }),
        ...(headers === undefined ? {} : { headers }),
      }),
    async givenAccount(change) {
      const body = client.registration(change);
      expectStatus(await client.post('/api/v1/auth/register', body), 201);
      return body;
    },
    async givenLogin(of) {
      const response = await client.post('/api/v1/auth/login', client.loginBody(of));
      expectStatus(response, 200);
      return response.json<LoginAnswer & { refreshToken: string }>();
    },
  };
  return client;
}

function expectStatus(response: LightMyRequestResponse, status: number): void {
  if (response.statusCode !== status)
    throw new Error(`${status} was expected, ${response.statusCode} came: ${response.body}`);
}
