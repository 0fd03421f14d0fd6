/** @file The stream of hints that a vault has changed. It carries ids and revisions, and nothing else. */
import { type Static, Type } from '@sinclair/typebox';
import { defineRoute } from './route.ts';
import { Counter, Uuid } from './scalars.ts';

/** How many streams one process of the server keeps open for a session and for an account. */
export const EVENT_STREAM_LIMITS = { perSession: 4, perAccount: 32 } as const;

/** At least this often something arrives on an open stream: an event, or a comment. */
export const EVENT_STREAM_HEARTBEAT_SECONDS = 15;

/** A vault has this revision now, or a later one. */
export const VaultEvent = Type.Object({ vaultId: Uuid, revision: Counter }, { title: 'VaultEvent' });
export type VaultEvent = Static<typeof VaultEvent>;

/** The last event of a stream that the server ends. */
export const EndEvent = Type.Object(
  {
    reason: Type.Union([
      Type.Literal('session-ended'),
      Type.Literal('token-expired'),
      Type.Literal('shutdown'),
    ]),
  },
  { title: 'EndEvent' },
);
export type EndEvent = Static<typeof EndEvent>;

/** Tells when a vault of the caller has changed. */
export const streamEvents = defineRoute({
  operationId: 'streamEvents',
  method: 'GET',
  path: '/api/v1/events',
  tag: 'vaults',
  summary: 'Be told when a vault changes',
  description: `Server-sent events. \`vault\` names a vault of the account and its revision: a hint to read its changes. It begins with every vault, or with none if Last-Event-ID says that the caller knows them all; several changes of one vault may be told as one, and a deleted vault is not told. A comment comes every ${EVENT_STREAM_HEARTBEAT_SECONDS} seconds where nothing else does. \`end\` is the last event: \`token-expired\` and \`shutdown\` ask to connect again, \`session-ended\` to refresh first, because the session has ended or the role has changed. At most ${EVENT_STREAM_LIMITS.perSession} streams of a session and ${EVENT_STREAM_LIMITS.perAccount} of an account are open at one server process. The request counts once under the rate limit.`,
  auth: 'session',
  permission: 'content:read',
  headers: Type.Object({
    'last-event-id': Type.Optional(
      Type.String({
        maxLength: 128,
        description: 'The id of the last event that arrived. One that the server does not know is as none.',
      }),
    ),
  }),
  success: { status: 200, events: { vault: VaultEvent, end: EndEvent } },
  refusals: ['invalid-token', 'insufficient-permission', 'too-many-streams'],
});
