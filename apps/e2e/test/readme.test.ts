import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDataDirectory, type ServerProcess, startServer } from './server-process.ts';

const run = promisify(execFile);
const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
/** The packages that the example imports resolve from here. */
const cwd = fileURLToPath(new URL('../', import.meta.url));

/** The examples must run against a server as it comes; an empty value counts as absent. */
const DEFAULT_RATE_LIMITS = {
  RATE_LIMIT_PER_MINUTE: '',
  SESSION_RATE_LIMIT: '',
  LOGIN_RATE_LIMIT: '',
  REGISTER_RATE_LIMIT: '',
  REFRESH_RATE_LIMIT: '',
};

let server: ServerProcess;
let directory: Awaited<ReturnType<typeof makeDataDirectory>>;

beforeAll(async () => {
  directory = await makeDataDirectory();
  server = await startServer({ dataDirectory: directory.path }, DEFAULT_RATE_LIMITS);
});

afterAll(async () => {
  await server.stop();
  await directory.remove();
});

describe('the README', () => {
  it('has an SDK example that runs as it stands, and is short', async () => {
    const example = blockOf('js', 'createVaultClient');

    const { stdout } = await run(
      process.execPath,
      ['--conditions=@zkvault/source', '--input-type=module', '--eval', example],
      { cwd },
    );

    expect(stdout.trim()).toBe('correct horse battery');
    expect(example.trim().split('\n').length).toBeLessThanOrEqual(22);
  });

  it('has a curl example that runs as it stands', async () => {
    const example = blockOf('bash', 'curl');

    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', example], {
      env: {
        ...process.env,
        PATH: `${fileURLToPath(new URL('.', `file://${process.execPath}`))}:${process.env['PATH']}`,
      },
    });

    const answers = stdout.replaceAll('}{', '}\n{').trim().split('\n');
    const [registered, read, replaced, list] = answers.map(
      (line) => JSON.parse(line) as Record<string, unknown>,
    );
    expect(registered).toHaveProperty('accountId');
    expect(read).toMatchObject({ version: 1, ciphertext: 'c2VhbGVkIGVsc2V3aGVyZQ' });
    expect(replaced).toMatchObject({ version: 2, id: read?.['id'] });
    expect(list).toEqual({ items: [], nextCursor: null });
  });
});

/** The first fenced block of a language that holds a word, with the address of the running server in it. */
function blockOf(language: string, word: string): string {
  const blocks = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
  const block = blocks.find(([, tag, text]) => tag === language && text?.includes(word))?.[2];
  if (block?.includes('http://localhost:4000') !== true)
    throw new Error(`the README has no ${language} block`);
  return block.replaceAll('http://localhost:4000', server.baseUrl);
}
