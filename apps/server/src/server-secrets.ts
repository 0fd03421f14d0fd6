/** @file The server's secrets: those of its configuration, or in development those that it makes and keeps. */
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Config } from './config.ts';
import { keptSecret } from './lib/kept-secret.ts';
import { makeKeyProvider } from './lib/key-provider/read-key-provider.ts';
import { unwrapRing } from './lib/key-provider/wrapped-ring.ts';
import { type KeyRing, makeKeyRing } from './lib/key-ring.ts';

/**
 * The key ring of a configuration: a wrapped one is opened with one call to its provider; in development it
 * is made and kept beside the data.
 *
 * @throws {KeyProviderError} the provider did not do its part.
 * @throws {WrappedRingError} what it unwrapped does not open the ring.
 */
export async function keyRingOf(
  config: Pick<Config, 'serverKeys' | 'wrappedServerKeys' | 'dataDirectory'>,
): Promise<KeyRing> {
  const { serverKeys, wrappedServerKeys: wrapped } = config;
  if (wrapped !== undefined)
    return makeKeyRing(await unwrapRing(makeKeyProvider(wrapped.provider), wrapped.ring));
  return makeKeyRing(serverKeys ?? [{ id: 'development', secret: keptServerKey(config.dataDirectory) }]);
}

/** The secrets of access tokens, newest first; in development one is made and kept beside the data. */
export function jwtSecretsOf(config: Pick<Config, 'jwtSecrets' | 'dataDirectory'>): readonly string[] {
  return config.jwtSecrets ?? [keptJwtSecret(config.dataDirectory)];
}

function keptJwtSecret(dataDirectory: string): string {
  return keptSecret(join(resolve(dataDirectory), 'jwt-secret'), () => randomBytes(32).toString('base64url'));
}

function keptServerKey(dataDirectory: string): Uint8Array {
  const file = join(resolve(dataDirectory), 'server-key');
  return new Uint8Array(
    Buffer.from(
      keptSecret(file, () => randomBytes(32).toString('base64url')),
      'base64url',
    ),
  );
}
