import { randomUUID } from 'node:crypto';
import { type NewVault, type Problem, VAULTS_PER_ACCOUNT, type Vault } from '@zkvault/contract';
import { afterAll, describe, expect, it } from 'vitest';
import { giveAccountState } from '../../../test/account-state.ts';
import { startTestServer, type TestAccount } from '../../../test/test-server.ts';
import { mustBe, vaultApi } from '../../../test/vault-api.ts';
import { anEnvelope, aPut, aSealed, aVault, somePuts } from '../../../test/vault-values.ts';
import { transact } from '../../db/transact.ts';
import { createFirstVaults, createPlainVault, listOwnVaults } from './service.ts';

const server = await startTestServer();
afterAll(() => server.close());

/** An account with an account state of seq 0. */
async function givenAccountWithState(): Promise<TestAccount> {
  const account = await server.givenAccount();
  await giveAccountState(server.db, account.userId);
  return account;
}

async function stateOf({ userId }: TestAccount) {
  return server.db
    .selectFrom('users')
    .select(['state_seq as seq', 'state_ciphertext as ciphertext', 'state_iv as iv', 'state_tag as tag'])
    .where('id', '=', userId)
    .executeTakeFirstOrThrow();
}

describe('a new vault', () => {
  it.for(['manifest', 'none'] as const)(
    'with integrity %s is listed, without its wrap',
    async (integrity) => {
      const ada = vaultApi(server, await server.givenAccount());
      const vault = aVault(integrity);

      const created = await ada.call('POST', '/vaults', { payload: { vault } });
      const listed = await ada.call('GET', '/vaults');

      const expected = { ...vault, wrap: null, revision: 0, seq: 0 };
      expect(created.statusCode).toBe(201);
      expect(created.json()).toEqual(expected);
      expect(listed.json()).toEqual({ items: [expected], nextCursor: null });
    },
  );

  it('never shows its wrap for a token', async () => {
    const account = await server.givenAccount();
    const ada = vaultApi(server, account);
    const vault = { ...aVault('none'), wrap: anEnvelope() };
    const wrap = anEnvelope();

    const answers = [
      await ada.call('POST', '/vaults', { payload: { vault } }),
      await ada.call('GET', '/vaults'),
      await ada.call('PUT', `/vaults/${vault.id}`, { payload: { vkEpoch: 2, wrap } }),
      await ada.changes(vault.id),
    ];

    const text = answers.map(({ body }) => body).join('');
    expect(text).not.toContain(vault.wrap.ciphertext);
    expect(text).not.toContain(wrap.ciphertext);
    const [own] = await listOwnVaults(server.db, account.userId, { withWraps: true });
    expect(own?.wrap).toEqual(wrap);
  });

  it('may be without a wrap if it is without manifests', async () => {
    const account = await server.givenAccount();

    const payload = { vault: { ...aVault('none'), wrap: null } };
    const response = await vaultApi(server, account).call('POST', '/vaults', { payload });

    expect(response.statusCode).toBe(201);
    const [own] = await listOwnVaults(server.db, account.userId, { withWraps: true });
    expect(own?.wrap).toBeNull();
  });

  it.for([
    ['with manifests but no first one', 'manifest', { manifest: null }, '/body/vault/manifest'],
    ['with a first manifest of seq 1', 'manifest', { manifest: aSealed(1) }, '/body/vault/manifest/seq'],
    ['with manifests but no wrap', 'manifest', { wrap: null }, '/body/vault/wrap'],
    ['without manifests but with one', 'none', { manifest: aSealed(0) }, '/body/vault/manifest'],
    ['of another role', 'none', { role: 'viewer' }, '/body/vault/role'],
    ['of another integrity', 'none', { integrity: 'some' }, '/body/vault/integrity'],
    ['with an epoch of 0', 'none', { vkEpoch: 0 }, '/body/vault/vkEpoch'],
    ['with an unknown field', 'none', { name: 'private' }, '/body/vault/name'],
    ['with the nil id', 'none', { id: '00000000-0000-0000-0000-000000000000' }, '/body/vault/id'],
    ['with a wrap one byte too large', 'none', { wrap: anEnvelope(32_769) }, '/body/vault/wrap/ciphertext'],
  ] as const)('is refused %s', async ([, integrity, changes, pointer]) => {
    const ada = vaultApi(server, await server.givenAccount());

    const payload = { vault: { ...aVault(integrity), ...changes } };
    const response = await ada.call('POST', '/vaults', { payload });

    expect(response.statusCode).toBe(422);
    expect(response.json<Problem>().errors).toMatchObject([{ pointer }]);
    expect((await ada.call('GET', '/vaults')).json()).toEqual({ items: [], nextCursor: null });
  });

  it('with a wrap and a manifest of 32 KiB is taken', async () => {
    const ada = vaultApi(server, await server.givenAccount());
    const manifest = { ...anEnvelope(32_768), seq: 0 };

    const payload = { vault: { ...aVault('manifest'), wrap: anEnvelope(32_768), manifest } };
    const response = await ada.call('POST', '/vaults', { payload });

    expect(response.statusCode).toBe(201);
  });

  it('with an id that is taken is a conflict, whoever has it', async () => {
    const [ada, eve] = [
      vaultApi(server, await server.givenAccount()),
      vaultApi(server, await server.givenAccount()),
    ];
    const id = await ada.givenVault('none');

    for (const api of [ada, eve]) {
      const response = await api.call('POST', '/vaults', { payload: { vault: { ...aVault('none'), id } } });

      expect(response.statusCode).toBe(409);
      expect(response.json<Problem>().code).toBe('conflict');
    }
    expect((await eve.call('GET', '/vaults')).json()).toEqual({ items: [], nextCursor: null });
  });

  it(`may be the ${VAULTS_PER_ACCOUNT}th and no more`, async () => {
    const account = await server.givenAccount();
    const ada = vaultApi(server, account);
    const vaults = Array.from({ length: VAULTS_PER_ACCOUNT - 1 }, () => aVault('none'));
    await transact(server.db, (tx) => createFirstVaults(tx, account.userId, vaults));

    const statuses = [];
    for (let turn = 0; turn < 2; turn += 1) {
      const response = await ada.call('POST', '/vaults', { payload: { vault: aVault('none') } });
      statuses.push(response.statusCode);
    }

    expect(statuses).toEqual([201, 422]);
    expect((await ada.call('GET', '/vaults')).json().items).toHaveLength(VAULTS_PER_ACCOUNT);
  });
});

describe('the account state', () => {
  it('is replaced by the next one', async () => {
    const account = await givenAccountWithState();
    const accountState = aSealed(1);

    const payload = { accountState };
    const response = await vaultApi(server, account).call('PUT', '/account-state', { payload });

    expect(response.json()).toEqual({ seq: 1 });
    expect(await stateOf(account)).toEqual(accountState);
  });

  it.for([0, 2])(
    'is not replaced by one of seq %i after 0, and the answer says which is there',
    async (seq) => {
      const account = await givenAccountWithState();
      const before = await stateOf(account);

      const payload = { accountState: aSealed(seq) };
      const response = await vaultApi(server, account).call('PUT', '/account-state', { payload });

      expect(response.statusCode).toBe(409);
      expect(response.json()).toMatchObject({ code: 'conflict', seq: 0 });
      expect(await stateOf(account)).toEqual(before);
    },
  );

  it('is refused for an account that has none', async () => {
    const account = await server.givenAccount();

    const payload = { accountState: aSealed(0) };
    const response = await vaultApi(server, account).call('PUT', '/account-state', { payload });

    expect(response.statusCode).toBe(422);
    expect((await stateOf(account)).seq).toBeNull();
  });

  it('changes with the vault that it lists, or neither does', async () => {
    const account = await givenAccountWithState();
    const ada = vaultApi(server, account);
    const [first, second] = [aVault('manifest'), aVault('manifest')];
    const create = async (vault: NewVault, accountState?: object) =>
      (await ada.call('POST', '/vaults', { payload: { vault, accountState } })).statusCode;

    expect(await create(first)).toBe(422);
    expect(await create(first, aSealed(2))).toBe(409);
    expect(await create(first, aSealed(1))).toBe(201);
    expect(await create(first, aSealed(2))).toBe(409);
    expect((await stateOf(account)).seq).toBe(1);
    expect(await create(second, aSealed(2))).toBe(201);

    expect((await stateOf(account)).seq).toBe(2);
    const { items } = (await ada.call('GET', '/vaults')).json<{ items: Vault[] }>();
    expect(items.map(({ id }) => id).toSorted()).toEqual([first.id, second.id].toSorted());
  });
});

describe('a replaced vault key', () => {
  it('raises the epoch by one, and commits go on with it', async () => {
    const account = await givenAccountWithState();
    const ada = vaultApi(server, account);
    const vault = aVault('none');
    mustBe(201, await ada.call('POST', '/vaults', { payload: { vault, accountState: aSealed(1) } }));
    const payload = { vkEpoch: 2, wrap: anEnvelope(), accountState: aSealed(2) };

    const response = await ada.call('PUT', `/vaults/${vault.id}`, { payload });
    const former = await ada.commit(vault.id, { baseSeq: 0, operations: somePuts(1) });
    const present = await ada.commit(vault.id, {
      baseSeq: 0,
      operations: [aPut(randomUUID(), 1, { vkEpoch: 2 })],
    });

    expect(response.json()).toMatchObject({ id: vault.id, vkEpoch: 2, wrap: null, seq: 0 });
    expect((await stateOf(account)).seq).toBe(2);
    expect([former.statusCode, present.statusCode]).toEqual([409, 200]);
  });

  it.for([
    ['the same epoch', 1, aSealed(2), 409],
    ['an epoch too far', 3, aSealed(2), 409],
    ['an account state that is not the next', 2, aSealed(1), 409],
    ['no account state', 2, undefined, 422],
  ] as const)('is refused with %s, and nothing changes', async ([, vkEpoch, accountState, status]) => {
    const account = await givenAccountWithState();
    const ada = vaultApi(server, account);
    const vault = aVault('none');
    mustBe(201, await ada.call('POST', '/vaults', { payload: { vault, accountState: aSealed(1) } }));

    const payload = { vkEpoch, wrap: anEnvelope(), accountState };
    const response = await ada.call('PUT', `/vaults/${vault.id}`, { payload });

    expect(response.statusCode).toBe(status);
    expect((await stateOf(account)).seq).toBe(1);
    const [own] = await listOwnVaults(server.db, account.userId, { withWraps: true });
    expect(own).toMatchObject({ vkEpoch: 1, wrap: vault.wrap });
  });
});

describe('a deleted vault', () => {
  it('is gone with everything in it, and nothing else is', async () => {
    const ada = vaultApi(server, await server.givenAccount());
    const [doomed, kept] = [await ada.givenVault('manifest'), await ada.givenVault('manifest')];
    const id = randomUUID();
    for (const vaultId of [doomed, kept]) {
      await ada.givenCommit(vaultId, { baseSeq: 0, operations: [aPut(id, 1)], manifest: aSealed(1) });
      await ada.givenCommit(vaultId, { baseSeq: 1, operations: [aPut(id, 2)], manifest: aSealed(2) });
    }

    const response = await ada.call('DELETE', `/vaults/${doomed}`);
    const again = await ada.call('DELETE', `/vaults/${doomed}`);

    expect(response.statusCode).toBe(204);
    expect(response.body).toBe('');
    expect(again.statusCode).toBe(404);
    expect((await ada.changes(doomed)).statusCode).toBe(404);
    for (const table of ['entries', 'entry_versions', 'manifests'] as const) {
      const rows = await server.db.selectFrom(table).select('vault_id').execute();
      expect(new Set(rows.map(({ vault_id }) => vault_id))).not.toContain(doomed);
      expect(new Set(rows.map(({ vault_id }) => vault_id))).toContain(kept);
    }
  });

  it('may be the last one', async () => {
    const ada = vaultApi(server, await server.givenAccount());
    const vaultId = await ada.givenVault('none');

    const response = await ada.call('DELETE', `/vaults/${vaultId}`);

    expect(response.statusCode).toBe(204);
    expect((await ada.call('GET', '/vaults')).json()).toEqual({ items: [], nextCursor: null });
    expect((await ada.call('GET', '/entries')).json<Problem>().code).toBe('vault-not-found');
    await ada.givenVault('none');
    expect((await ada.call('GET', '/entries')).statusCode).toBe(200);
  });
});

describe('the vaults of a registration', () => {
  it('are made with their wraps and manifests', async () => {
    const { userId } = await server.givenAccount();
    const vaults = [aVault('manifest'), aVault('none')];

    await transact(server.db, (tx) => createFirstVaults(tx, userId, vaults));

    const own = await listOwnVaults(server.db, userId, { withWraps: true });
    expect(own).toHaveLength(2);
    for (const vault of vaults) expect(own).toContainEqual({ ...vault, revision: 0, seq: 0 });
  });

  it('are refused like a taken login if an id is taken', async () => {
    const [ada, eve] = [await server.givenAccount(), await server.givenAccount()];
    const id = await vaultApi(server, ada).givenVault('none');
    const create = transact(server.db, (tx) =>
      createFirstVaults(tx, eve.userId, [aVault('none'), { ...aVault('none'), id }]),
    );

    await expect(create).rejects.toMatchObject({ code: 'registration-refused' });

    expect(await listOwnVaults(server.db, eve.userId, { withWraps: true })).toEqual([]);
  });

  it('are refused with one id twice', async () => {
    const { userId } = await server.givenAccount();
    const vault = aVault('none');
    const create = transact(server.db, (tx) => createFirstVaults(tx, userId, [vault, vault]));

    await expect(create).rejects.toMatchObject({
      code: 'request-invalid',
      facts: { errors: [{ pointer: '/body/vaults/1/id', code: 'duplicate' }] },
    });
  });

  it('are one default vault for a caller with a format of its own', async () => {
    const { userId } = await server.givenAccount();

    await transact(server.db, (tx) => createPlainVault(tx, userId));

    expect(await listOwnVaults(server.db, userId, { withWraps: true })).toMatchObject([
      { integrity: 'none', vkEpoch: 1, wrap: null, manifest: null, revision: 0, seq: 0 },
    ]);
  });
});
