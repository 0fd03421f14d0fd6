/** @file Values of the wire for tests of vaults. They look like ciphertext and are only random bytes. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { DeleteOperation, Envelope, NewVault, PutOperation, Sealed } from '@zkvault/contract';

/** An envelope with a ciphertext of `bytes` bytes. */
export function anEnvelope(bytes = 64): Envelope {
  return {
    ciphertext: randomBytes(bytes).toString('base64url'),
    iv: randomBytes(12).toString('base64url'),
    tag: randomBytes(16).toString('base64url'),
  };
}

/** A manifest or an account state. */
export function aSealed(seq: number): Sealed {
  return { ...anEnvelope(), seq };
}

/** A vault for plain callers, or with a manifest of seq 0. */
export function aVault(integrity: 'manifest' | 'none'): NewVault {
  const manifest = integrity === 'manifest' ? aSealed(0) : null;
  return { id: randomUUID(), integrity, role: 'owner', vkEpoch: 1, wrap: anEnvelope(), manifest };
}

/** A put of an entry, of vault-key epoch 1 unless told otherwise. */
export function aPut(id: string, version: number, changes: Partial<PutOperation> = {}): PutOperation {
  return { op: 'put', id, version, vkEpoch: 1, schema: 1, ...anEnvelope(), ...changes };
}

/** The deletion of an entry. */
export function aDelete(id: string, version: number): DeleteOperation {
  return { op: 'delete', id, version };
}

/** Puts of `count` new entries. */
export function somePuts(count: number, bytes = 16): PutOperation[] {
  return Array.from({ length: count }, () => aPut(randomUUID(), 1, anEnvelope(bytes)));
}
