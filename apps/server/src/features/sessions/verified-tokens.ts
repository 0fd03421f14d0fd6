/**
 * @file Tokens whose signature was verified a while ago.
 * [Note: Verified tokens] What a token says never changes, so its signature is verified once. Whether its
 * session is still good, its role still the same and its time not over is another question, which every
 * request puts to the database: nothing that is remembered here lets anybody in.
 */
import { hash } from 'node:crypto';
import { makeGenerations } from '../../lib/two-generations.ts';

/** Tokens of one generation: some 5 MB in all if both are full. */
const GENERATION = 10_000;

/** What verified tokens say. */
export interface VerifiedTokens<Claims> {
  find(token: string): Claims | undefined;
  keep(token: string, claims: Claims): void;
}

/** Makes the memory. It holds no token, but a hash of each: whoever reads it can use none. */
export function makeVerifiedTokens<Claims>(generation: number = GENERATION): VerifiedTokens<Claims> {
  const tokens = makeGenerations<Claims>(generation);
  return {
    find(token) {
      const name = nameOf(token);
      const claims = tokens.find(name);
      // Kept again, so that the tokens in use are the ones that stay.
      if (claims !== undefined) tokens.keep(name, claims);
      return claims;
    },
    keep: (token, claims) => tokens.keep(nameOf(token), claims),
  };
}

function nameOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
