/** @file What administrators can do to other accounts. No call gives anything that opens a vault. */
import { createInvitation, deleteUser, listUsers, type Role, type User, updateUser } from '@zkvault/contract';
import { ProtocolError } from '@zkvault/crypto-core';
import type { OpenClient } from './open-client.ts';
import type { CallOptions } from './options.ts';
import type { ManagedUser, UserAdministration } from './user-management.ts';

/** Accounts in one request. */
const PAGE = 100;
/** A server that never comes to an end is not asked for ever. */
const MAX_PAGES = 1_000;

/** Makes the administrators' part of a client. @param opened throws a LockedError unless unlocked. */
export function makeUserAdministration(opened: () => Promise<OpenClient>): UserAdministration {
  async function change(
    id: string,
    body: { readonly role?: Role; readonly isActive?: boolean },
    options: CallOptions,
  ): Promise<ManagedUser> {
    const { calls } = await opened();
    return toManagedUser(
      await calls.send(updateUser, { params: { id }, body }, { ...options, idempotent: true }),
    );
  }

  return {
    async list(options = {}) {
      const { calls } = await opened();
      const users: ManagedUser[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const query: { limit: number; cursor?: string } = { limit: PAGE, ...(cursor !== null && { cursor }) };
        const answer = await calls.send(listUsers, { query }, { ...options, idempotent: true });
        users.push(...answer.items.map(toManagedUser));
        cursor = answer.nextCursor;
        if (cursor === null) return users;
      }
      throw new ProtocolError('response-malformed', 'the list of accounts does not come to an end');
    },
    async invite(wish = {}, options = {}) {
      const { calls } = await opened();
      const { token, role, expiresAt } = await calls.send(createInvitation, { body: wish }, options);
      return { token, role, expiresAt };
    },
    setRole: (id, role, options = {}) => change(id, { role }, options),
    setActive: (id, isActive, options = {}) => change(id, { isActive }, options),
    async delete(id, options = {}) {
      const { calls } = await opened();
      await calls.send(deleteUser, { params: { id } }, options);
    },
  };
}

function toManagedUser({ id, login, email, fullName, role, isActive, createdAt }: User): ManagedUser {
  return { id, login, email, fullName, role, isActive, createdAt };
}
