/** @file The sessions of an unlocked account: list, end one, end all. */
import { listSessions, logoutAll, revokeSession } from '@zkvault/contract';
import type { OpenClient } from './open-client.ts';
import { collectPages } from './pages.ts';
import type { LoggedInDevice, SessionManagement } from './session-management.ts';

/** What managing sessions needs of the client. */
export interface SessionsDeps {
  /** @throws {LockedError} */
  readonly opened: () => Promise<OpenClient>;
  /** Wipes the keys, and deletes session and cache of this device. */
  readonly forget: () => Promise<void>;
}

/** Makes the sessions' part of a client. */
export function makeSessionManagement({ opened, forget }: SessionsDeps): SessionManagement {
  return {
    async list(options = {}) {
      const { calls } = await opened();
      return await collectPages<LoggedInDevice>((query) =>
        calls.send(listSessions, { query }, { ...options, idempotent: true }),
      );
    },
    async end(id, options = {}) {
      const { calls } = await opened();
      await calls.send(revokeSession, { params: { id } }, options);
    },
    async endAll(options = {}) {
      const { calls } = await opened();
      await calls.send(logoutAll, { body: {} }, { ...options, idempotent: true });
      await forget();
    },
  };
}
