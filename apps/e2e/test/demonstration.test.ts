import { createVaultClient, importEntries, memoryStorage, parseImport, type VaultClient } from '@zkvault/sdk';
import { nativeKdf } from '@zkvault/sdk/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBitwardenExport, plaintextsOf } from '../../../packages/sdk/test/bitwarden-export.ts';
import { makePostgresDatabase } from '../../server/test/test-database.ts';
import { dumpPglite, dumpPostgres } from './database-dump.ts';
import { findNeedles } from './needles.ts';
import { makeDataDirectory, type ServerDatabase, type ServerProcess, startServer } from './server-process.ts';

const COUNT = 1_000;
const login = 'ada.demonstration@example.com';
const password = 'seven cats juggle 42 turnips';
const newPassword = 'a password that only two devices know';

/** One database to run the demonstration on. */
interface Stage {
  readonly database: ServerDatabase;
  /** Reads everything there is; the server is not running then. */
  dump(): Promise<string>;
  remove(): Promise<void>;
}

const stages: readonly (readonly [string, () => Promise<Stage>])[] = [
  ['embedded PGlite', pgliteStage],
  ['PostgreSQL', postgresStage],
];

describe.for(stages)('the main job, over a real socket, on %s', ([, setUp]) => {
  const source = makeBitwardenExport(COUNT, 7);
  const spoken = new Set<string>();
  let stage: Stage;
  let server: ServerProcess;
  let laptop: VaultClient;
  let phone: VaultClient;
  let secretKey: string;

  beforeAll(async () => {
    stage = await setUp();
    server = await startServer(stage.database);
    laptop = clientOf('Laptop of Ada');
    phone = clientOf('Phone of Ada');
  });

  afterAll(async () => {
    await server.stop();
    await stage.remove();
  });

  it('imports 1,000 entries of a Bitwarden export', async () => {
    const registered = await laptop.register({ login, password });
    secretKey = registered.secretKey ?? '';
    await laptop.login({ login, password });
    const parsed = parseImport('bitwarden-json', JSON.stringify(source));
    const progress: number[] = [];

    const report = await importEntries(laptop, parsed, { onProgress: ({ saved }) => progress.push(saved) });

    expect(parsed.rejected).toEqual([]);
    expect(report).toEqual({ saved: COUNT, total: COUNT, duplicates: 0 });
    expect(progress.at(-1)).toBe(COUNT);
  });

  it('refuses a second device that lacks the Secret Key', async () => {
    await expect(phone.login({ login, password })).rejects.toMatchObject({ code: 'invalid-credentials' });
  });

  it('shows a second device all 1,000 in clear text', async () => {
    await phone.login({ login, password, secretKey });

    const entries = await phone.entries.list();

    expect(entries).toHaveLength(COUNT);
    const texts = new Set(entries.flatMap(textsOf));
    expect(plaintextsOf(source).filter((text) => !texts.has(text))).toEqual([]);
  });

  it('shows the first device what the second one changed', async () => {
    const [entry] = (await phone.entries.list()).filter(({ type }) => type === 'login');
    const id = entry?.id ?? '';
    await phone.entries.update(id, { password: newPassword });

    const report = await laptop.sync();

    expect(report).toMatchObject({ added: 0, changed: 1, deleted: 0, freshness: 'pinned' });
    expect(await laptop.entries.get(id)).toMatchObject({ password: newPassword, version: 2 });
  });

  it('leaves nothing readable in the database or in the log', async () => {
    const secrets = [...plaintextsOf(source), password, newPassword, secretKey, ...spoken];

    await server.stop();
    const dump = await stage.dump();

    // What must be found shows that the search would find: a login, and a ciphertext's iv as bytes.
    expect(new Set(findNeedles(dump, [login, 'Laptop of Ada']))).toEqual(new Set([login, 'Laptop of Ada']));
    const iv = Buffer.from(/^[A-Za-z0-9_-]{16}$/m.exec(dump)?.[0] ?? '', 'base64url');
    expect(findNeedles(dump, [iv])).toHaveLength(1);
    expect(spoken.size).toBeGreaterThanOrEqual(5);
    expect(secrets.length).toBeGreaterThan(3 * COUNT);
    expect(findNeedles(dump, secrets)).toEqual([]);
    expect(findNeedles(server.output(), secrets)).toEqual([]);
  });

  /** A client whose authKeys and tokens are written down as they pass. */
  function clientOf(deviceName: string): VaultClient {
    return createVaultClient({
      baseUrl: server.baseUrl,
      storage: memoryStorage(),
      kdf: nativeKdf,
      deviceName,
      async fetch(url, init) {
        const response = await fetch(url, init);
        if (url.includes('/auth/'))
          for (const text of [init.body, await response.clone().text()]) remember(text);
        return response;
      },
    });
  }

  function remember(body: unknown): void {
    for (const [, value] of String(body).matchAll(/"(?:authKey|accessToken|refreshToken)":"([^"]+)"/g))
      if (value !== undefined) spoken.add(value);
  }
});

/** Every text of an entry, wherever it stands. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

async function pgliteStage(): Promise<Stage> {
  const { path, remove } = await makeDataDirectory();
  return { database: { dataDirectory: path }, dump: () => dumpPglite(`${path}/pglite`), remove };
}

async function postgresStage(): Promise<Stage> {
  const { url, remove } = await makePostgresDatabase('empty');
  const { path, remove: removeData } = await makeDataDirectory();
  return {
    database: { databaseUrl: url, dataDirectory: path },
    dump: () => dumpPostgres(url),
    async remove() {
      await remove();
      await removeData();
    },
  };
}
