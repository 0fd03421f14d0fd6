/** @file `keys wrap`: makes the wrapped ring. The ring itself is never written anywhere. */
import { readEnvironment } from '../lib/environment.ts';
import { makeKeyProvider } from '../lib/key-provider/read-key-provider.ts';
import { readRingToWrap } from '../lib/key-provider/read-server-keys.ts';
import { unwrapRing, wrapRing } from '../lib/key-provider/wrapped-ring.ts';
import type { RingKey } from '../lib/key-ring.ts';
import { makeRingKey } from '../lib/key-ring-text.ts';
import type { CommandContext } from './command.ts';

/** How the ring is to be changed. */
export interface KeysWrapOptions {
  /** Puts a fresh key in front. */
  readonly add: boolean;
  /** Takes the key of this id out. */
  readonly remove: string | undefined;
}

/**
 * Wraps `SERVER_KEYS`, or changes `SERVER_KEYS_WRAPPED`; with neither, `--add` begins a ring.
 *
 * @throws {ConfigError} the provider is not named, or not wholly.
 * @throws {KeyProviderError} it did not do its part.
 */
export async function wrapKeys({ env, out, err }: CommandContext, options: KeysWrapOptions): Promise<number> {
  const reader = readEnvironment(env);
  const { provider: settings, plain, wrapped } = readRingToWrap(reader);
  reader.finish();
  if (settings === undefined) return 1; // The reader has thrown already.
  const provider = makeKeyProvider(settings);
  const present = plain ?? (wrapped === undefined ? [] : await unwrapRing(provider, wrapped));
  const next = changed(present, options);
  if (next === undefined) {
    err(`The ring has no key ${options.remove ?? ''}.\n`);
    return 1;
  }
  if (next.length === 0) {
    err('There is no key to wrap: set SERVER_KEYS, or make one with --add.\n');
    return 1;
  }
  out(`SERVER_KEYS_WRAPPED=${await wrapRing(provider, next)}\n`);
  err(`Wrapped: ${next.map(({ id }) => id).join(', ')}\n`);
  return 0;
}

function changed(keys: readonly RingKey[], { add, remove }: KeysWrapOptions): readonly RingKey[] | undefined {
  if (remove !== undefined && !keys.some(({ id }) => id === remove)) return undefined;
  const kept = keys.filter(({ id }) => id !== remove);
  return add ? [makeRingKey(keys), ...kept] : kept;
}
