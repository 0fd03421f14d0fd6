/** @file Accounts of the plain surface, made over HTTP as any REST caller would. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Entry, LoginAnswer } from '@zkvault/contract';

/** An account that is logged in. */
export interface Person {
  readonly login: string;
  /** 32 bytes as base64url: what a client would derive from a password. */
  readonly authKey: string;
  readonly accessToken: string;
}

/** Registers an account and logs it in. */
export async function makePerson(url: string): Promise<Person> {
  const login = `bench-${randomUUID().slice(0, 18)}`;
  const authKey = randomText(32);
  await post(`${url}/api/v1/auth/register`, {
    accountId: randomUUID(),
    login,
    profile: 1,
    salt: randomText(16),
    authKey,
  });
  const answer = await post<LoginAnswer>(`${url}/api/v1/auth/login`, loginBody({ login, authKey }));
  return { login, authKey, accessToken: answer.accessToken };
}

/** The body of a login from a new device. */
export function loginBody(person: Pick<Person, 'login' | 'authKey'>): object {
  const { login, authKey } = person;
  return { login, authKey, transport: 'body', device: { id: randomUUID(), name: 'bench' } };
}

/** Headers that authenticate a person. */
export function bearer(person: Person): Record<string, string> {
  return { authorization: `Bearer ${person.accessToken}` };
}

/** An envelope as large as an ordinary login's: 305 bytes of ciphertext. */
export function makeEnvelope(): Pick<Entry, 'ciphertext' | 'iv' | 'tag'> {
  return { ciphertext: randomText(305), iv: randomText(12), tag: randomText(16) };
}

function randomText(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}

/** Sends JSON and reads the answer. @throws {Error} it was refused. */
export async function post<Answer>(
  url: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${url} answered ${response.status}`);
  return (await response.json()) as Answer;
}
