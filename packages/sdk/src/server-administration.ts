/** @file What administrators ask of the whole server: counts, settings, the audit log. */
import {
  getServerSettings,
  getStats,
  listAuditEvents,
  listSecurityEvents,
  updateServerSettings,
} from '@zkvault/contract';
import type { OpenClient } from './open-client.ts';
import type { CallOptions } from './options.ts';
import type { Page } from './pages.ts';
import type { EventsQuery, SecurityEvent, ServerAdministration } from './server-management.ts';

/** Makes the administrators' part of a client that is about the server. @param opened throws a LockedError. */
export function makeServerAdministration(opened: () => Promise<OpenClient>): ServerAdministration {
  return {
    async stats(options = {}) {
      return (await opened()).calls.send(getStats, {}, { ...options, idempotent: true });
    },
    async settings(options = {}) {
      return (await opened()).calls.send(getServerSettings, {}, { ...options, idempotent: true });
    },
    async changeSettings(change, options = {}) {
      const { calls } = await opened();
      return calls.send(updateServerSettings, { body: change }, { ...options, idempotent: true });
    },
    async auditEvents(query = {}, options = {}) {
      const { calls } = await opened();
      // The server refuses an action that it does not know; this version may know fewer.
      return calls.send(listAuditEvents, { query: query as object }, { ...options, idempotent: true });
    },
  };
}

/** One page of what happened to the own account, newest first. */
export async function readSecurityEvents(
  { calls }: OpenClient,
  query: EventsQuery,
  options: CallOptions,
): Promise<Page<SecurityEvent>> {
  return calls.send(listSecurityEvents, { query: { ...query } }, { ...options, idempotent: true });
}
