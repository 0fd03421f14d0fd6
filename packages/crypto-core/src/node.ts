/** @file What runs in Node only: Argon2id as native code. The one file that may import it. */
import { hashRaw } from '@node-rs/argon2';
import { assertArgon2Input, type Kdf } from './primitives/argon2.ts';

/** Argon2id v1.3, the package's default, in native code and off the event loop. */
export const nativeKdf: Kdf = {
  async argon2id(input) {
    assertArgon2Input(input);
    const hash = await hashRaw(input.password, {
      salt: input.salt,
      memoryCost: input.memoryKib,
      timeCost: input.iterations,
      parallelism: input.parallelism,
      outputLen: input.hashBytes,
    });
    return new Uint8Array(hash);
  },
};
