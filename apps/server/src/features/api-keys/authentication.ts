/**
 * @file Who holds an API key. Its row is read at each request, so that a revoked key, one that has expired and
 * one whose owner was stopped or demoted end at once, on every server of the database.
 */
import type { ApiKeyScope, Role } from '@zkvault/contract';
import type { Db } from '../../db/schema.ts';
import type { KeyRing } from '../../lib/key-ring.ts';
import { ServiceError } from '../../lib/service-error.ts';
import { isKept, sha256 } from './secret-hash.ts';
import { findLiveApiKey, noteUse } from './store.ts';

/** The holder of a key, and what the key is for. */
export interface ApiKeyHolder {
  readonly apiKeyId: string;
  readonly userId: string;
  readonly role: Role;
  readonly scopes: readonly ApiKeyScope[];
  /** The one vault it is for; undefined for all of the account. */
  readonly onlyVaultId: string | undefined;
  /** Its own limit, in requests a minute. */
  readonly rateLimit: number | null;
}

/** What requests with an API key are counted by. */
export type CountedApiKey = Pick<ApiKeyHolder, 'apiKeyId' | 'rateLimit'>;

/** Recognizes API keys. */
export interface ApiKeyAuthentication {
  /**
   * The key of a credential that was right a while ago: good enough to count requests by, not to let anybody
   * in. No database is asked, so that whoever makes credentials up is counted by his address.
   */
  recall(credential: string): CountedApiKey | undefined;
  /**
   * Finds who holds a key.
   *
   * @param credential untrusted.
   * @throws {ServiceError} `invalid-api-key`: malformed, unknown, wrong, expired or of an account that is not
   *   active, after the same work.
   */
  authenticate(credential: string): Promise<ApiKeyHolder>;
}

const CREDENTIAL =
  /^zkv_([0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

/** How many keys are recalled; the one that was not seen for longest is forgotten first. */
const MAX_RECALLED = 10_000;

/** Makes the recognition of API keys. */
export function makeApiKeyAuthentication(deps: {
  readonly db: Db;
  readonly keyRing: KeyRing;
}): ApiKeyAuthentication {
  const recalled = new Map<string, CountedApiKey>();

  function remember(name: string, key: CountedApiKey): void {
    recalled.delete(name);
    recalled.set(name, key);
    if (recalled.size > MAX_RECALLED) recalled.delete(recalled.keys().next().value ?? '');
  }

  return {
    recall: (credential) => recalled.get(nameOf(credential)),

    async authenticate(credential) {
      const [, apiKeyId] = CREDENTIAL.exec(credential) ?? [];
      if (apiKeyId === undefined) throw new ServiceError('invalid-api-key');
      const row = await findLiveApiKey(deps.db, apiKeyId);
      const kept = row && { secretHash: row.secret_hash, keyId: row.key_id };
      if (!isKept(deps.keyRing, credential, kept) || row === undefined) {
        recalled.delete(nameOf(credential));
        throw new ServiceError('invalid-api-key');
      }
      if (row.is_use_due) await noteUse(deps.db, row.id);
      remember(nameOf(credential), { apiKeyId: row.id, rateLimit: row.rate_limit });
      return {
        apiKeyId: row.id,
        userId: row.owner_id,
        role: row.role,
        scopes: scopesOf(row),
        onlyVaultId: row.vault_id ?? undefined,
        rateLimit: row.rate_limit,
      };
    },
  };
}

/** The scopes of a row. */
export function scopesOf(row: { readonly may_read: boolean; readonly may_write: boolean }): ApiKeyScope[] {
  return [
    ...(row.may_read ? (['entries:read'] as const) : []),
    ...(row.may_write ? (['entries:write'] as const) : []),
  ];
}

/** A name that is as good as the credential to recall it by, and of no use to anybody who reads memory. */
function nameOf(credential: string): string {
  return Buffer.from(sha256(credential)).toString('base64url');
}
