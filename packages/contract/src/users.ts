/** @file People as the API shows them. */
import { type Static, Type } from '@sinclair/typebox';
import { Instant, Nullable, Uuid } from './scalars.ts';

/** What an account may do; permissions follow from it. */
export const Role = Type.Union([
  Type.Literal('admin'),
  Type.Literal('moderator'),
  Type.Literal('user'),
  Type.Literal('viewer'),
]);
export type Role = Static<typeof Role>;

/** E-mail address for messages, at most 254 characters. */
export const Email = Type.String({
  minLength: 3,
  maxLength: 254,
  pattern: '^[^\\s@\\u0000-\\u001f\\u007f]+@[^\\s@\\u0000-\\u001f\\u007f]+$',
});

/** A person's name, 1 to 100 characters, no control characters and no angle brackets. */
export const FullName = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f<>]+$',
});

/** An account, without anything secret. */
export const User = Type.Object(
  {
    id: Uuid,
    login: Type.String(),
    email: Nullable(Type.String()),
    fullName: Nullable(Type.String()),
    role: Role,
    isActive: Type.Boolean(),
    secondFactor: Type.Boolean({ description: 'Whether every login needs a second factor.' }),
    createdAt: Instant,
  },
  { title: 'User' },
);
export type User = Static<typeof User>;
