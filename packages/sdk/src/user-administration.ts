/** @file What administrators can do to other accounts. No call gives anything that opens a vault. */
import {
  createInvitation,
  deleteUser,
  listInvitations,
  listUsers,
  type Role,
  revokeInvitation,
  type User,
  updateUser,
} from '@zkvault/contract';
import type { OpenClient } from './open-client.ts';
import type { CallOptions } from './options.ts';
import { collectPages } from './pages.ts';
import type { ManagedUser, PendingInvitation, UserAdministration } from './user-management.ts';

/** Accounts in one request. */
const PAGE = 100;

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
      const users = await collectPages<User>((position) =>
        calls.send(listUsers, { query: { limit: PAGE, ...position } }, { ...options, idempotent: true }),
      );
      return users.map(toManagedUser);
    },
    async invite(wish = {}, options = {}) {
      const { calls } = await opened();
      const { id, token, role, expiresAt } = await calls.send(
        createInvitation,
        { body: wish, idempotencyKey: crypto.randomUUID() },
        { ...options, idempotent: true },
      );
      return { id, token, role, expiresAt };
    },
    async invitations(options = {}) {
      const { calls } = await opened();
      return await collectPages<PendingInvitation>((query) =>
        calls.send(listInvitations, { query }, { ...options, idempotent: true }),
      );
    },
    async revokeInvitation(id, options = {}) {
      const { calls } = await opened();
      await calls.send(revokeInvitation, { params: { id } }, options);
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
