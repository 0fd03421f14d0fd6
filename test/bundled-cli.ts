/**
 * @file The command line as one file, for tests that start it hundreds of times: two thirds of the time of a short
 * command is finding and reading its modules.
 */
import { copyFile, mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';

const ROOT = resolve(import.meta.dirname, '..');
const FOLDER = join(ROOT, 'node_modules/.cache/zkvault/cli');

/** The program, made of the sources by {@link setup}. */
export const BUNDLED_CLI = join(FOLDER, 'dist/main.js');

/** Makes it anew: the global setup of the suites that run it. */
export async function setup(): Promise<void> {
  const source = join(ROOT, 'apps/cli/src');
  const bundle = await rolldown({
    input: { main: join(source, 'main.ts'), 'agent-process': join(source, 'agent/agent-process.ts') },
    platform: 'node',
    resolve: { conditionNames: ['@zkvault/source', 'node', 'import'] },
    plugins: [{ name: 'native-code-stays-where-it-is', resolveId: nativeCode }],
  });
  await bundle.write({ dir: join(FOLDER, 'dist'), format: 'esm', entryFileNames: '[name].js' });
  await mkdir(FOLDER, { recursive: true });
  // Where the program reads its version.
  await copyFile(join(ROOT, 'apps/cli/package.json'), join(FOLDER, 'package.json'));
}

const fromCryptoCore = createRequire(join(ROOT, 'packages/crypto-core/src/node.ts'));

function nativeCode(id: string) {
  return id === '@node-rs/argon2' ? { id: fromCryptoCore.resolve(id), external: true } : undefined;
}
