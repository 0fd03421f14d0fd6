/** @file The routes of vaults as one account calls them. */
import type { Changes, NewVault, Problem } from '@zkvault/contract';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import type { TestAccount, TestServer } from './test-server.ts';
import { aVault } from './vault-values.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One account's way to the API. */
export interface VaultApi {
  /** @param path below `/api/v1`. */
  call(
    method: Method,
    path: string,
    options?: Pick<InjectOptions, 'payload' | 'headers'>,
  ): Promise<LightMyRequestResponse>;
  /** Creates a vault and gives its id. */
  givenVault(integrity: NewVault['integrity']): Promise<string>;
  commit(vaultId: string, body: object): Promise<LightMyRequestResponse>;
  /** Commits what must succeed. */
  givenCommit(vaultId: string, body: object): Promise<void>;
  changes(vaultId: string, query?: string): Promise<LightMyRequestResponse>;
  /** All pages since a revision. */
  allChanges(
    vaultId: string,
    options?: { readonly limit?: number; readonly since?: number },
  ): Promise<Changes[]>;
}

/** The API as an account calls it. */
export function vaultApi(server: TestServer, as: TestAccount): VaultApi {
  const api: VaultApi = {
    call: (method, path, options = {}) => server.send({ method, url: `/api/v1${path}`, as, ...options }),

    async givenVault(integrity) {
      const vault = aVault(integrity);
      mustBe(201, await api.call('POST', '/vaults', { payload: { vault } }));
      return vault.id;
    },

    commit: (vaultId, payload) => api.call('POST', `/vaults/${vaultId}/commits`, { payload }),

    async givenCommit(vaultId, payload) {
      mustBe(200, await api.commit(vaultId, payload));
    },

    changes: (vaultId, query = '') => api.call('GET', `/vaults/${vaultId}/changes${query}`),

    async allChanges(vaultId, { limit = 500, since = 0 } = {}) {
      const pages: Changes[] = [];
      let next: number | null = since;
      while (next !== null) {
        const response = await api.changes(vaultId, `?since=${next}&limit=${limit}`);
        const page = mustBe(200, response).json<Changes>();
        pages.push(page);
        next = page.nextSince;
      }
      return pages;
    },
  };
  return api;
}

/** The response, if it has this status. */
export function mustBe(status: number, response: LightMyRequestResponse): LightMyRequestResponse {
  if (response.statusCode !== status) throw new Error(`${response.statusCode}: ${response.body}`);
  return response;
}

/** A refusal byte for byte, but for what names the request. */
export function withoutRequestId(response: LightMyRequestResponse): object {
  const { requestId } = response.json<Problem>();
  const { 'x-request-id': _id, date: _date, ...headers } = response.headers;
  return { status: response.statusCode, headers, body: response.body.replace(requestId, '') };
}

/** How many responses have each status. */
export function tally(responses: readonly LightMyRequestResponse[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { statusCode } of responses) counts[statusCode] = (counts[statusCode] ?? 0) + 1;
  return counts;
}
