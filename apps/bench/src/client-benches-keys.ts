/** @file From a password to the keys of an account, in Node: Argon2id (64 MiB, t = 3, p = 1) and all around it. */
import { hashRaw } from '@node-rs/argon2';
import { derivePasswordKeys } from '@zkvault/crypto-core';
import { nativeKdf } from '@zkvault/crypto-core/node';
import { PASSWORD } from './client-vault.ts';
import type { Comparison } from './measure.ts';

const DERIVATIONS = 4;
const SALT = new Uint8Array(16).fill(7);

/** Derives the keys of a password, against the native Argon2id alone. */
export function keysInNode(): Comparison {
  const account = { profile: 1, password: PASSWORD, realm: 'localhost', login: 'bench', salt: SALT } as const;
  return {
    name: 'keys of a password, Node',
    unit: 'derivations/s',
    target: { atLeast: 0.95 },
    ceiling: 'bare @node-rs/argon2 (Argon2id is its default), 64 MiB, t = 3, p = 1',
    subject: () => perSecond(() => derivePasswordKeys({ ...account, kdf: nativeKdf })),
    reference: () =>
      perSecond(() =>
        hashRaw(PASSWORD, { salt: SALT, memoryCost: 65_536, timeCost: 3, parallelism: 1, outputLen: 32 }),
      ),
  };
}

async function perSecond(derive: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  for (let count = 0; count < DERIVATIONS; count += 1) await derive();
  return (DERIVATIONS * 1_000) / (performance.now() - started);
}
