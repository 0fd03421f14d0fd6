/**
 * Broken object-level authorisation: a caller names an object by an id that is somebody else's. Here each
 * route that takes an id must do nothing, and must answer exactly as for an id that nobody has, so that
 * the answer does not even tell that the object exists.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../../../test/test-server.ts';
import { vaultApi, withoutRequestId } from '../../../test/vault-api.ts';
import { aDelete, anEnvelope, aPut, aSealed, somePuts } from '../../../test/vault-values.ts';

const server = await startTestServer();
afterAll(() => server.close());
const victim = await server.givenAccount();
const ada = vaultApi(server, victim);
const eve = vaultApi(server, await server.givenAccount());
const plainVault = await ada.givenVault('none');
const manifestVault = await ada.givenVault('manifest');
const entry = randomUUID();
await ada.givenCommit(plainVault, { baseSeq: 0, operations: [aPut(entry, 1)] });
await ada.givenCommit(manifestVault, { baseSeq: 0, operations: [aPut(entry, 1)], manifest: aSealed(1) });
await eve.givenVault('none');

const replacement = anEnvelope();
const wrap = { vkEpoch: 2, wrap: anEnvelope() };
const rotation = {
  rotationId: randomUUID(),
  vkEpoch: 2,
  entries: [{ id: entry, version: 1, schema: 1, ...anEnvelope() }],
};
const commits = {
  plain: { baseSeq: 1, operations: [aPut(entry, 2), ...somePuts(1)] },
  deletion: { baseSeq: 1, operations: [aDelete(entry, 2)] },
  manifest: { baseSeq: 1, operations: somePuts(1), manifest: aSealed(2) },
  stale: { baseSeq: 0, operations: somePuts(1) },
};
const ifMatch = { 'if-match': '"1"' };

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
type Attempt = readonly [
  method: Method,
  path: string,
  options?: { payload?: object; headers?: Record<string, string> },
  /** 404 if absent. */
  status?: number,
];
/** Each path holds VAULT or ENTRY, which stands for the id. */
const attempts: readonly Attempt[] = [
  ['GET', '/vaults/VAULT/changes'],
  ['GET', '/vaults/VAULT/changes?since=1&limit=1'],
  ['GET', `/vaults/VAULT/entries/${entry}/versions`],
  ['POST', '/vaults/VAULT/commits', { payload: commits.plain }],
  ['POST', '/vaults/VAULT/commits', { payload: commits.deletion }],
  ['POST', '/vaults/VAULT/commits', { payload: commits.manifest }],
  ['POST', '/vaults/VAULT/commits', { payload: commits.stale }],
  ['PUT', '/vaults/VAULT', { payload: wrap }],
  ['PUT', '/vaults/VAULT', { payload: { ...wrap, rotationId: rotation.rotationId, manifest: aSealed(2) } }],
  ['POST', '/vaults/VAULT/rotation', { payload: rotation }],
  ['DELETE', '/vaults/VAULT'],
  ['GET', '/entries/ENTRY'],
  ['PUT', '/entries/ENTRY', { payload: replacement, headers: ifMatch }],
  ['PUT', '/entries/ENTRY', { payload: replacement, headers: { 'if-match': '"9"' } }],
  ['PUT', '/entries/ENTRY', { payload: replacement }, 428],
  ['DELETE', '/entries/ENTRY', { headers: ifMatch }],
  ['DELETE', '/entries/ENTRY', { headers: { 'if-match': '"9"' } }],
];

async function everythingOf(userId: string) {
  const vaults = await server.db.selectFrom('vaults').selectAll().where('owner_id', '=', userId).execute();
  const ids = vaults.map(({ id }) => id);
  const inVaults = (table: 'entries' | 'entry_versions' | 'manifests') =>
    server.db.selectFrom(table).selectAll().where('vault_id', 'in', ids).execute();
  return [vaults, await inVaults('entries'), await inVaults('entry_versions'), await inVaults('manifests')];
}

describe('the id of somebody else', () => {
  const named = attempts.flatMap(([method, path, options, status = 404]) =>
    [plainVault, manifestVault].map((vault) => ({ method, path, options, status, vault })),
  );

  it.for(named)('does nothing in $method $path', async ({ method, path, options, status, vault }) => {
    const before = await everythingOf(victim.userId);

    const foreign = await eve.call(method, path.replace('VAULT', vault).replace('ENTRY', entry), options);
    const absent = await eve.call(
      method,
      path.replace('VAULT', randomUUID()).replace('ENTRY', randomUUID()),
      options,
    );

    expect(foreign.statusCode).toBe(status);
    expect(withoutRequestId(foreign)).toEqual(withoutRequestId(absent));
    expect(await everythingOf(victim.userId)).toEqual(before);
  });

  it('of an entry in one of the caller’s own vaults is not there', async () => {
    const own = await eve.givenVault('none');

    const foreign = await eve.call('GET', `/vaults/${own}/entries/${entry}/versions`);
    const absent = await eve.call('GET', `/vaults/${own}/entries/${randomUUID()}/versions`);

    expect(foreign.json()).toMatchObject({ status: 404, code: 'entry-not-found' });
    expect(withoutRequestId(foreign)).toEqual(withoutRequestId(absent));
  });

  it('may be the id of an entry in two accounts, and neither sees the other', async () => {
    const created = await eve.call('POST', '/entries', { payload: { id: entry, ...replacement } });
    const own = await eve.call('GET', `/entries/${entry}`);
    const other = await ada.call('GET', `/entries/${entry}`);

    expect(created.statusCode).toBe(201);
    expect(own.json()).toMatchObject(replacement);
    expect(other.json().ciphertext).not.toBe(replacement.ciphertext);
  });
});
