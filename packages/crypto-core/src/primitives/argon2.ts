/** @file Argon2id: the interface an implementation fills, its bounds, and the WebAssembly implementation. */
import { argon2id } from 'hash-wasm';

/** What Argon2id is computed over. A secret or associated data cannot be given, on purpose. */
export interface Argon2Input {
  /** 1 to 1,024 bytes. */
  readonly password: Uint8Array;
  /** 8 to 1,024 bytes. */
  readonly salt: Uint8Array;
  /** At least 8 per lane, at most 2 GiB. */
  readonly memoryKib: number;
  /** 1 to 1,024 passes. */
  readonly iterations: number;
  /** 1 to 255 lanes. */
  readonly parallelism: number;
  /** 4 to 1,024. */
  readonly hashBytes: number;
}

/** An implementation of Argon2id v1.3 (RFC 9106), chosen by whoever builds the client. */
export interface Kdf {
  /** @throws {RangeError} an input out of the bounds of {@link Argon2Input}. */
  argon2id(input: Argon2Input): Promise<Uint8Array>;
}

const INPUT_FIELDS = ['password', 'salt', 'memoryKib', 'iterations', 'parallelism', 'hashBytes'];

/**
 * Checks an input against the bounds of {@link Argon2Input}. Implementations call it first, so that all refuse alike.
 *
 * @throws {RangeError} a value is out of bounds, or there is a field that would silently be ignored.
 */
export function assertArgon2Input(input: Argon2Input): void {
  const unknown = Object.keys(input).find((field) => !INPUT_FIELDS.includes(field));
  if (unknown !== undefined) throw new RangeError(`argon2id takes no ${unknown}`);
  assertWithin('password length', input.password.length, 1, 1024);
  assertWithin('salt length', input.salt.length, 8, 1024);
  assertWithin('parallelism', input.parallelism, 1, 255);
  assertWithin('memoryKib', input.memoryKib, 8 * input.parallelism, 2_097_152);
  assertWithin('iterations', input.iterations, 1, 1024);
  assertWithin('hashBytes', input.hashBytes, 4, 1024);
}

/** Argon2id in WebAssembly, for every runtime. Needs `'wasm-unsafe-eval'` under a content security policy. */
export const portableKdf: Kdf = {
  async argon2id(input) {
    assertArgon2Input(input);
    const { memoryKib, hashBytes, ...rest } = input;
    return argon2id({ ...rest, memorySize: memoryKib, hashLength: hashBytes, outputType: 'binary' });
  },
};

function assertWithin(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new RangeError(`${name} must be an integer from ${least} to ${most}, got ${value}`);
}
