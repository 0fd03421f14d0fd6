import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createVaultClient, memoryStorage } from '@zkvault/sdk';
import { nativeKdf } from '@zkvault/sdk/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDataDirectory, type ServerProcess, startServer } from './server-process.ts';

const CLIENT = exampleFile('independent-client.mjs');
const PLAIN_CLIENT = exampleFile('plain-client.mjs');
const run = promisify(execFile);

let server: ServerProcess;
let directory: Awaited<ReturnType<typeof makeDataDirectory>>;

beforeAll(async () => {
  directory = await makeDataDirectory();
  server = await startServer({ dataDirectory: directory.path });
});

afterAll(async () => {
  await server.stop();
  await directory.remove();
});

function exampleFile(name: string): string {
  return fileURLToPath(new URL(`../../../docs/examples/${name}`, import.meta.url));
}

describe('a client that is not ours, written from docs/protocol.md', () => {
  it.for([CLIENT, PLAIN_CLIENT])('imports nothing but node:crypto', (file) => {
    const source = readFileSync(file, 'utf8');
    const imports = source.matchAll(/^import\b.*'(.+)';$|\b(?:import|require)\s*\((.+?)\)/gm);

    expect([...imports].map(([, name]) => name)).toEqual(['node:crypto']);
  });

  it('registers, logs in, writes an entry and reads it back; and our SDK opens what it wrote', async () => {
    const { stdout } = await run(process.execPath, [CLIENT, server.baseUrl]);

    const written = JSON.parse(stdout) as Record<
      'login' | 'password' | 'entryId' | 'title' | 'notes',
      string
    >;
    expect(written).toMatchObject({ title: 'Written from the wire spec alone', notes: 'and read back' });

    const ours = createVaultClient({
      baseUrl: server.baseUrl,
      storage: memoryStorage(),
      kdf: nativeKdf,
      allowedProfiles: [1, 2, 3],
    });
    await ours.login(written);

    const entries = await ours.entries.list();

    expect(entries).toMatchObject([
      { id: written.entryId, type: 'note', title: written.title, notes: 'and read back' },
    ]);
  });

  it('keeps entries of its own format on the plain surface', async () => {
    const { stdout } = await run(process.execPath, [PLAIN_CLIENT, server.baseUrl]);

    expect(JSON.parse(stdout)).toMatchObject({
      text: 'written from the wire spec alone, and changed',
      version: 2,
    });
  });
});
