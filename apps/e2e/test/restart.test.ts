import { createVaultClient, memoryStorage, type VaultClient } from '@zkvault/sdk';
import { nativeKdf } from '@zkvault/sdk/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDataDirectory, type ServerProcess, startServer } from './server-process.ts';

const login = 'ada@example.com';
const password = 'seven cats juggle 42 turnips';
const realm = 'vault.example.com';

let directory: Awaited<ReturnType<typeof makeDataDirectory>>;
let server: ServerProcess;

beforeEach(async () => {
  directory = await makeDataDirectory();
  server = await startServer({ dataDirectory: directory.path });
});

afterEach(async () => {
  await server.kill();
  await directory.remove();
});

describe('the embedded database', () => {
  it('has every acknowledged entry after the server was killed while it wrote', async () => {
    const before = clientOf(server);
    const { secretKey } = await before.register({ login, password });
    await before.login({ login, password });
    const acknowledged: string[] = [];
    const writing = writeUntilItFails(before, acknowledged);
    await waitUntil(() => acknowledged.length >= 10);

    await server.kill();
    await writing;
    server = await startServer({ dataDirectory: directory.path });

    const after = clientOf(server);
    await after.login({ login, password, secretKey: secretKey ?? '' });
    const titles = (await after.entries.list()).map(({ title }) => title);
    expect(acknowledged.filter((title) => !titles.includes(title))).toEqual([]);
    // One write may have been committed without its answer having arrived.
    expect(titles.length - acknowledged.length).toBeLessThanOrEqual(1);
  });

  it('is there again after the server was stopped as Ctrl-C does, and sessions go on', async () => {
    const before = clientOf(server);
    await before.register({ login, password });
    await before.login({ login, password });
    const { id } = await before.entries.create({ type: 'note', title: 'kept' });

    await server.stop();
    server = await startServer({ dataDirectory: directory.path }, { PORT: new URL(server.baseUrl).port });

    await before.sync();
    expect(await before.entries.get(id)).toMatchObject({ title: 'kept' });
  });
});

/** The realm is named, because the port is part of the default and changes with a restart. */
function clientOf({ baseUrl }: ServerProcess): VaultClient {
  return createVaultClient({ baseUrl, realm, storage: memoryStorage(), kdf: nativeKdf, timeoutMs: 10_000 });
}

async function writeUntilItFails(client: VaultClient, acknowledged: string[]): Promise<void> {
  for (let index = 0; ; index += 1) {
    const title = `entry ${index}`;
    try {
      await client.entries.create({ type: 'note', title });
    } catch {
      return;
    }
    acknowledged.push(title);
  }
}

async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
