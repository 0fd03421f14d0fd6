/** What would be published or put into an image: the program, and nothing that belongs to its making. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const FOLDERS = ['packages/contract', 'packages/crypto-core', 'packages/sdk', 'apps/cli', 'apps/server'];
/** Forms of credentials that no file may have in it. */
const CREDENTIAL = /-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bghp_\w{36}|\bnpm_\w{36}/;

describe('a package', () => {
  it.for(FOLDERS)(
    'has the program and no tests, settings or secrets in it: %s',
    { timeout: 120_000 },
    (folder) => {
      const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
        cwd: root + folder,
        stdio: ['ignore', 'pipe', 'ignore'],
        encoding: 'utf8',
      });
      const packed = JSON.parse(output) as readonly {
        readonly files: readonly { readonly path: string }[];
      }[];
      const paths = packed.flatMap(({ files }) => files.map(({ path }) => path));

      expect(paths.filter((path) => path.startsWith('dist/')).length).toBeGreaterThan(5);
      expect(
        paths.filter((path) =>
          /\.test\.|(?:^|\/)test\/|vectors\/|\.env|\.npmrc|tsconfig|\.tsbuildinfo/.test(path),
        ),
      ).toEqual([]);
      for (const path of paths)
        expect(readFileSync(`${root}${folder}/${path}`, 'utf8'), path).not.toMatch(CREDENTIAL);
    },
  );
});
