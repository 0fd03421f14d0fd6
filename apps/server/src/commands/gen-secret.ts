/** @file `gen-secret`: fresh secrets, in the form in which the environment wants them. */
import { randomBytes } from 'node:crypto';
import { makeBackupKeyText } from '../lib/backup/backup-key.ts';
import { formatRingText, makeRingKey } from '../lib/key-ring-text.ts';
import type { CommandContext } from './command.ts';

/** Prints fresh secrets. The key's id is the day, so that a later one is another. */
export async function generateSecrets({ out }: CommandContext): Promise<number> {
  out(`JWT_SECRET=${randomBytes(48).toString('base64url')}\n`);
  out(`SERVER_KEYS=${formatRingText([makeRingKey()])}\n`);
  return 0;
}

/** Prints a fresh backup key and nothing else, so that it can be written to a file. */
export async function generateBackupKey({ out }: CommandContext): Promise<number> {
  out(`${makeBackupKeyText()}\n`);
  return 0;
}
