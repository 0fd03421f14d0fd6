/** @file Requests of recovery for tests, with values of the right form that open to nothing. */
import { randomUUID } from 'node:crypto';
import type { NewRecovery, RecoveryAnswer } from '@zkvault/contract';
import type { LightMyRequestResponse } from 'fastify';
import { type AuthClient, aWrap, type Credentials, someBytes } from './auth-client.ts';

/** Values and requests of recovery. */
export interface RecoveryClient {
  /** A recovery key as its client sends it. */
  aRecovery(): NewRecovery;
  recover(login: string, recoveryAuthKey: string, change?: object): Promise<LightMyRequestResponse>;
  /** Begins a recovery and fails if that is refused. */
  givenRecovery(login: string, recoveryAuthKey: string): Promise<RecoveryAnswer>;
  /** The second request, for an account with an account state of seq 0. */
  rekeyBody(recoveryToken: string, change?: object): object;
  complete(body: object): Promise<LightMyRequestResponse>;
  /** An account with a recovery key and an account state. */
  givenEnrolled(): Promise<Credentials & { readonly recovery: NewRecovery }>;
}

/** Makes it from a client of the account routes. */
export function recoveryClient(client: AuthClient): RecoveryClient {
  const aRecovery = (): NewRecovery => ({ id: randomUUID(), authKey: someBytes(32), wrap: aWrap() });
  const recover = (login: string, recoveryAuthKey: string, change: object = {}) =>
    client.post('/api/v1/auth/recover', { login, recoveryAuthKey, ...change });
  return {
    aRecovery,
    recover,
    async givenRecovery(login, recoveryAuthKey) {
      const response = await recover(login, recoveryAuthKey);
      if (response.statusCode !== 200) throw new Error(`the recovery was refused: ${response.body}`);
      return response.json<RecoveryAnswer>();
    },
    rekeyBody: (recoveryToken, change = {}) => ({
      recoveryToken,
      newProfile: 3,
      newSalt: someBytes(16),
      newAuthKey: someBytes(32),
      newWrap: aWrap(),
      newAccountState: { ...aWrap(), seq: 1 },
      ifSeq: 0,
      recovery: aRecovery(),
      transport: 'body',
      device: { id: randomUUID(), name: 'a new phone' },
      ...change,
    }),
    complete: (body) => client.post('/api/v1/auth/recover/rekey', body),
    async givenEnrolled() {
      const recovery = aRecovery();
      return { ...(await client.givenAccount({ ...client.keyMaterial(), recovery })), recovery };
    },
  };
}
