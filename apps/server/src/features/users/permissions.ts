/** @file Who may do what: the one table of roles and permissions. No role yields anybody's plaintext. */
import type { Permission, Role } from '@zkvault/contract';

/** What each role allows. */
export const rolePermissions: Readonly<Record<Role, readonly Permission[]>> = {
  admin: [
    'users:read',
    'users:write',
    'users:delete',
    'self:read',
    'self:write',
    'content:read',
    'content:write',
    'content:delete',
    'admin:read',
    'admin:write',
    'system:manage',
  ],
  moderator: [
    'users:read',
    'users:write',
    'self:read',
    'self:write',
    'content:read',
    'content:write',
    'content:delete',
  ],
  user: ['self:read', 'self:write', 'content:read', 'content:write'],
  viewer: ['self:read', 'content:read'],
};

/** True if a role allows something. */
export function isPermitted(role: Role, permission: Permission): boolean {
  return rolePermissions[role].includes(permission);
}

const ranks: Readonly<Record<Role, number>> = { viewer: 0, user: 1, moderator: 2, admin: 3 };

/** True if the first role stands above the second. */
export function isAbove(role: Role, other: Role): boolean {
  return ranks[role] > ranks[other];
}
