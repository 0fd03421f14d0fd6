/** @file `gen-secret`: fresh secrets, in the form in which the environment wants them. */
import { randomBytes } from 'node:crypto';
import type { CommandContext } from './command.ts';

/** Prints fresh secrets. The key's id is the day, so that a later one is another. */
export async function generateSecrets({ out }: CommandContext): Promise<number> {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  out(`JWT_SECRET=${randomBytes(48).toString('base64url')}\n`);
  out(`SERVER_KEYS=k${day}:${randomBytes(32).toString('base64url')}\n`);
  return 0;
}
