/** @file What an account may be allowed to do; which role may do what is the server's table. */
import { type Static, Type } from '@sinclair/typebox';

/**
 * A kind of thing that a role may allow. `content` is ciphertext of the account itself: no permission
 * gives anybody another account's entries.
 */
export const Permission = Type.Union([
  Type.Literal('users:read'),
  Type.Literal('users:write'),
  Type.Literal('users:delete'),
  Type.Literal('self:read'),
  Type.Literal('self:write'),
  Type.Literal('content:read'),
  Type.Literal('content:write'),
  Type.Literal('content:delete'),
  Type.Literal('admin:read'),
  Type.Literal('admin:write'),
  Type.Literal('system:manage'),
]);
export type Permission = Static<typeof Permission>;
