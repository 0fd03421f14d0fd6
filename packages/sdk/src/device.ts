/** @file The name this device goes by: random, not secret, the same for every account of a storage. */
import { utf8 } from '@zkvault/crypto-core';
import { uuid } from './sealed-json.ts';
import type { Storage } from './storage.ts';
import { DEVICE_KEY } from './storage-keys.ts';

/** Gives the id of this device, made on first use. @throws {ProtocolError} the stored one is none. */
export async function deviceIdOf(storage: Storage): Promise<string> {
  const stored = await storage.get(DEVICE_KEY);
  if (stored !== undefined) return uuid(new TextDecoder().decode(stored));
  const id = crypto.randomUUID();
  await storage.set(DEVICE_KEY, utf8(id));
  return id;
}
