/** Lists that are read whole and given out in pages: sessions here, vaults and versions alike. */
import { randomUUID } from 'node:crypto';
import { PAGE_LIMITS, type Problem, type Session, type Vault } from '@zkvault/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestAccount, type TestServer } from '../../test/test-server.ts';
import { vaultApi } from '../../test/vault-api.ts';
import { aPut } from '../../test/vault-values.ts';

let server: TestServer;
let account: TestAccount;

beforeAll(async () => {
  server = await startTestServer();
  account = await server.givenAccount();
});
afterAll(() => server.close());

interface Listed<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

function list(path: string) {
  return server.send({ as: account, url: `/api/v1${path}` });
}

/** All pages of a list. */
async function pages<Item>(path: string, limit: number): Promise<readonly (readonly Item[])[]> {
  const found: (readonly Item[])[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: Listed<Item> = (await list(`${path}?limit=${limit}${more}`)).json();
    found.push(page.items);
    cursor = page.nextCursor;
  }
  return found;
}

describe('a list in pages', () => {
  it('gives every vault once, in the order of the whole list', async () => {
    const api = vaultApi(server, account);
    for (let count = 0; count < 5; count += 1) await api.givenVault('none');
    const whole = (await list('/vaults')).json<Listed<Vault>>();

    const parts = await pages<Vault>('/vaults', 2);

    expect(whole.nextCursor).toBeNull();
    expect(parts.map(({ length }) => length)).toEqual([2, 2, 1]);
    expect(parts.flat()).toEqual(whole.items);
  });

  it('says that a page was the last one when it is full to the item', async () => {
    const api = vaultApi(server, account);
    const vaultId = await api.givenVault('none');
    const id = randomUUID();
    for (const version of [1, 2, 3, 4])
      await api.givenCommit(vaultId, { baseSeq: version - 1, operations: [aPut(id, version)] });

    const parts = await pages<{ version: number }>(`/vaults/${vaultId}/entries/${id}/versions`, 2);

    expect(parts.map((page) => page.map(({ version }) => version))).toEqual([
      [4, 3],
      [2, 1],
    ]);
  });

  it('refuses a cursor whose item is not in the list', async () => {
    const cursor = Buffer.from(randomUUID()).toString('base64url');

    const response = await list(`/auth/sessions?cursor=${cursor}`);

    expect(response.statusCode).toBe(422);
    expect(response.json<Problem>().errors).toEqual([{ pointer: '/query/cursor', code: 'cursor' }]);
  });

  it.for([
    [0, 422],
    [1, 200],
    [PAGE_LIMITS.max, 200],
    [PAGE_LIMITS.max + 1, 422],
  ] as const)('answers a limit of %i with %i', async ([limit, status]) => {
    const response = await list(`/auth/sessions?limit=${limit}`);

    expect(response.statusCode).toBe(status);
    if (status === 200) expect(response.json<Listed<Session>>().items).toHaveLength(1);
  });
});
