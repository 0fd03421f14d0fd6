/** @file The routes that take a login from somebody who is not logged in: what may tell which logins exist. */
import { randomUUID } from 'node:crypto';
import type { Problem } from '@zkvault/contract';
import type { LightMyRequestResponse } from 'fastify';
import type { TestServer } from '../test-server.ts';
import { anEnvelope } from '../vault-values.ts';
import type { FuzzRequest } from './fuzz.ts';
import { type Operation, operations } from './operations.ts';
import { fittingParts } from './requests.ts';

/** All of them but registration, which has a refusal for taken logins that says no more than that it refused. */
export const loginOperations: readonly Operation[] = operations.filter(
  ({ route }) =>
    route.auth === 'none' &&
    route.body?.properties['login'] !== undefined &&
    route.operationId !== 'register',
);

/** Makes requests for logins with everything else well-formed, and wrong, that get as far as the login. */
export function loginRequests({ route, path }: Operation): (login: string) => FuzzRequest {
  const [parts] = fittingParts(route, 1, 11);
  const { transport } = route.body?.properties ?? {};
  // With the cookie transport a request from nowhere is refused before anybody's login is looked at.
  const inBody = transport === undefined ? {} : { transport: 'body' };
  return (login) => ({
    method: route.method,
    url: path,
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify({ ...(parts?.body as object), ...inBody, login }),
  });
}

/**
 * What may be seen of an answer without reading its values.
 *
 * @throws {Error} the request was refused before the login was looked at, so that it shows nothing.
 */
export function shapeOf(response: LightMyRequestResponse): object {
  const refusal = response.statusCode === 200 ? undefined : response.json<Problem>().code;
  if (refusal !== undefined && refusal !== 'invalid-credentials')
    throw new Error(`${refusal}: the login was not looked at`);
  return {
    status: response.statusCode,
    headers: Object.keys(response.headers),
    length: response.rawPayload.length,
    members: Object.keys(response.json<object>()),
  };
}

/** Logins of accounts that are there, every other with a recovery key, and as many, of the same length, of none. */
export async function knownAndUnknown(
  server: TestServer,
  count: number,
  verifier: { readonly verifier: string; readonly verifierKeyId: string },
): Promise<{ readonly known: readonly string[]; readonly unknown: readonly string[] }> {
  const known: string[] = [];
  for (let made = 0; made < count; made += 1) {
    const { userId } = await server.givenAccount();
    if (made % 2 === 0) await giveRecoveryKey(server, userId, verifier);
    known.push(`user-${userId.slice(0, 8)}`);
  }
  await server.db
    .updateTable('users')
    .set({ verifier: verifier.verifier, verifier_key_id: verifier.verifierKeyId })
    .execute();
  return { known, unknown: known.map((login) => login.replace('user-', 'nobd-')) };
}

async function giveRecoveryKey(
  { db }: TestServer,
  userId: string,
  { verifier, verifierKeyId }: { readonly verifier: string; readonly verifierKeyId: string },
): Promise<void> {
  const { ciphertext, iv, tag } = anEnvelope();
  await db
    .insertInto('recovery_keys')
    .values({
      user_id: userId,
      id: randomUUID(),
      verifier,
      verifier_key_id: verifierKeyId,
      wrap_ciphertext: ciphertext,
      wrap_iv: iv,
      wrap_tag: tag,
    })
    .execute();
}
