/**
 * @file Argon2id over bytes, kept as PHC strings (`$argon2id$v=19$m=…,t=…,p=…$salt$hash`).
 * The library's own `verify` takes only passwords that are UTF-8, so a check hashes again and compares.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { hash, hashRaw } from '@node-rs/argon2';

/** Cost parameters. */
export interface Argon2idCost {
  readonly memoryKib: number;
  readonly iterations: number;
  readonly parallelism: number;
  readonly hashBytes: number;
  readonly saltBytes: number;
}

/** Hashes under a fresh salt. @returns a PHC string. */
export function hashArgon2id(input: Uint8Array, cost: Argon2idCost): Promise<string> {
  return hash(input, { ...optionsOf(cost), salt: randomBytes(cost.saltBytes) });
}

/** What no input is known to hash to, for checks that shall take their time and fail. @returns a PHC string. */
export function unmatchedArgon2id(cost: Argon2idCost): string {
  const [salt, digest] = [cost.saltBytes, cost.hashBytes].map((length) =>
    randomBytes(length).toString('base64').replaceAll('=', ''),
  );
  return `$argon2id$v=19$m=${cost.memoryKib},t=${cost.iterations},p=${cost.parallelism}$${salt}$${digest}`;
}

/**
 * Checks an input against a PHC string, with the string's own parameters.
 *
 * @throws {RangeError} the string is not one that this file makes.
 */
export async function checkArgon2id(phc: string, input: Uint8Array): Promise<boolean> {
  const { cost, salt, expected } = parsePhc(phc);
  const actual = await hashRaw(input, { ...optionsOf(cost), salt });
  return timingSafeEqual(actual, expected);
}

/** The parameters of a PHC string. @throws {RangeError} as {@link checkArgon2id}. */
export function costOf(phc: string): Argon2idCost {
  return parsePhc(phc).cost;
}

function optionsOf(cost: Argon2idCost) {
  return {
    memoryCost: cost.memoryKib,
    timeCost: cost.iterations,
    parallelism: cost.parallelism,
    outputLen: cost.hashBytes,
  };
}

const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,4}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

function parsePhc(phc: string): {
  readonly cost: Argon2idCost;
  readonly salt: Uint8Array;
  readonly expected: Uint8Array;
} {
  const [, memory, iterations, parallelism, salt, digest] = PHC.exec(phc) ?? [];
  if (salt === undefined || digest === undefined) throw new RangeError('not an Argon2id hash of version 19');
  const expected = Buffer.from(digest, 'base64');
  const saltBytes = Buffer.from(salt, 'base64');
  return {
    cost: {
      memoryKib: Number(memory),
      iterations: Number(iterations),
      parallelism: Number(parallelism),
      hashBytes: expected.length,
      saltBytes: saltBytes.length,
    },
    salt: saltBytes,
    expected,
  };
}
