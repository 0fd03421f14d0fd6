/**
 * @file The state directory: the vault client's own storage, and beside it which server and login the program
 * used last. Nothing in the latter is secret, and nothing in either opens a vault without the password.
 */
import { join } from 'node:path';
import type { Storage } from '@zkvault/sdk';
import { fileStorage } from '@zkvault/sdk/node';

const PROFILE_KEY = 'profile.json';

/** What is remembered after a registration or a login. */
export interface Profile {
  readonly baseUrl?: string;
  readonly login?: string;
}

/** The state of one user of the program. */
export interface State {
  readonly directory: string;
  /** Where the vault client keeps its session, pins, Secret Key and cache. */
  readonly vaultStorage: Storage;
  /** What is remembered; nothing if there is nothing or it cannot be read. */
  readProfile(): Promise<Profile>;
  writeProfile(profile: Profile): Promise<void>;
}

/** Opens a state directory. Does no I/O; the directory is made at the first write. */
export function openState(directory: string): State {
  const own = fileStorage(join(directory, 'cli'));
  return {
    directory,
    vaultStorage: fileStorage(join(directory, 'vault')),
    async readProfile() {
      const bytes = await own.get(PROFILE_KEY);
      return bytes === undefined ? {} : decodeProfile(bytes);
    },
    async writeProfile(profile) {
      await own.set(PROFILE_KEY, new TextEncoder().encode(`${JSON.stringify(profile)}\n`));
    },
  };
}

function decodeProfile(bytes: Uint8Array): Profile {
  try {
    const { baseUrl, login } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    return {
      ...(typeof baseUrl === 'string' && { baseUrl }),
      ...(typeof login === 'string' && { login }),
    };
  } catch {
    // A damaged memory of the last server is worth no more than none: the user is asked again.
    return {};
  }
}
