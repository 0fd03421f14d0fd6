/** @file The header with which a write that creates something can be sent again without being done again. */
import { type TObject, Type } from '@sinclair/typebox';
import type { ProblemCode } from './problems.ts';

/** Bounds of a key, in characters, and how long it is remembered. */
export const IDEMPOTENCY_KEY = { minLength: 1, maxLength: 128, hours: 24 } as const;

/** Request headers of a write that takes a key. */
export const IdempotencyHeaders: TObject = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: IDEMPOTENCY_KEY.minLength,
      maxLength: IDEMPOTENCY_KEY.maxLength,
      pattern: '^[\\x21-\\x7e]+$',
      description: `Made anew, at random, for each write, and sent again with each repetition of it. For ${IDEMPOTENCY_KEY.hours} hours the same request of the same account with the same key is not carried out again: it gets the answer that the first one got. Refusals are not remembered.`,
    }),
  ),
});

/** What a write with a key may be refused with, beside its own. */
export const idempotencyRefusals = [
  'idempotency-in-progress',
  'idempotency-key-reused',
] as const satisfies readonly ProblemCode[];
