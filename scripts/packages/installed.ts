/** @file What installed packages say of themselves. */
import { existsSync, globSync, readFileSync } from 'node:fs';

/** The part of a package.json that is read here. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: unknown;
  readonly scripts?: Readonly<Record<string, string>>;
  /** True if node-gyp would build it without being asked. */
  readonly hasGypFile: boolean;
}

/**
 * The manifests of everything that pnpm has installed, by `name@version`.
 *
 * @param root of the repository, with a slash at its end.
 */
export function readInstalled(root: string): ReadonlyMap<string, Manifest> {
  const store = `${root}node_modules/.pnpm/`;
  const found = new Map<string, Manifest>();
  for (const path of globSync(['*/node_modules/*/package.json', '*/node_modules/@*/*/package.json'], {
    cwd: store,
  })) {
    const [folder = ''] = path.split('/node_modules/');
    const manifest = JSON.parse(readFileSync(store + path, 'utf8')) as Manifest;
    // Beside a package lie links to what it needs.
    if (!folder.startsWith(`${manifest.name.replace('/', '+')}@`)) continue;
    const hasGypFile = existsSync(`${store}${path.slice(0, -'package.json'.length)}binding.gyp`);
    found.set(`${manifest.name}@${manifest.version}`, { ...manifest, hasGypFile });
  }
  return found;
}
