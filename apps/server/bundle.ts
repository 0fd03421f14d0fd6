/**
 * @file Puts the compiled server into few files: most of the time of a start is finding and reading a thousand modules.
 * `main.js` is small and begins to open the embedded database before it loads the others. Beside them are the licences
 * of what they contain.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/** Native code, WebAssembly, files to be served and what starts threads of its own stay where they are. */
const OUTSIDE = ['@node-rs/argon2', '@electric-sql/pglite', 'pino', 'pg-native', 'redoc'];

const folder = import.meta.dirname;
const target = join(folder, 'dist/bundle');

const bundle = await rolldown({
  input: {
    main: join(folder, 'dist/main.js'),
    // A thread is started from a file of its own.
    'embedded-thread': join(folder, 'dist/db/embedded-thread.js'),
  },
  platform: 'node',
  // Without `import`: packages that are required would be given as modules.
  resolve: { conditionNames: ['node'] },
  external: OUTSIDE,
});
rmSync(target, { recursive: true, force: true });
const { output } = await bundle.write({
  dir: target,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name].js',
});
const modules = output.flatMap((chunk) => ('moduleIds' in chunk ? chunk.moduleIds : []));
writeFileSync(join(target, 'LICENSES.txt'), licencesOf(modules));

/** The licence texts of the packages that modules are from. */
function licencesOf(files: readonly string[]): string {
  const roots = files.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? []);
  return [...new Set(roots)]
    .toSorted()
    .map((root) => `${nameOf(root)}\n\n${licenceOf(root)}\n`)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function nameOf(root: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  return `${name} ${version} (${license ?? 'see below'})`;
}

function licenceOf(root: string): string {
  const file = readdirSync(root).find((name) => /^licen[cs]e(?:\.|$)/i.test(name));
  return file === undefined ? '' : readFileSync(join(root, file), 'utf8').trim();
}
