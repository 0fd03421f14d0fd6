import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { coreErrorCodes } from '../src/errors.ts';
import * as door from '../src/index.ts';
import { labels, treePrefixes } from '../src/labels.ts';
import { placeFields } from '../src/place.ts';

const root = join(import.meta.dirname, '..');
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) => ({ name, text: readFileSync(join(root, 'src', name), 'utf8') }));

/** Names of the source files whose text a pattern matches. */
function filesWith(pattern: RegExp): readonly string[] {
  return sources.filter(({ text }) => pattern.test(text)).map(({ name }) => name);
}

describe('the door of the package', () => {
  it('has no way to choose an envelope’s salt or IV, or to make a key of any kind', () => {
    expect(sources.length).toBeGreaterThan(20);
    for (const name of [
      'sealWith',
      'openBytes',
      'keyFromBytes',
      'encryptAesGcm',
      'hkdfSha256',
      'makeManifestTree',
    ])
      expect(door).not.toHaveProperty(name);
  });

  it('leads to no file of Node, no native code and no dictionary', () => {
    const reached = new Set<string>();
    const visit = (name: string): void => {
      if (reached.has(name)) return;
      reached.add(name);
      const { text } = sources.find((source) => source.name === name)!;
      for (const [, specifier] of text.matchAll(/from '(\.[^']+)'/g)) visit(join(name, '..', specifier!));
    };
    visit('index.ts');
    const imported = sources
      .filter(({ name }) => reached.has(name))
      .flatMap(({ text }) => Array.from(text.matchAll(/from '([^.'][^']*)'/g), ([, specifier]) => specifier));

    expect(new Set(imported)).toEqual(new Set(['#platform', '@noble/hashes/sha2.js', 'hash-wasm']));
    expect(reached).not.toContain('node.ts');
    expect(reached).not.toContain('strength.ts');
  });

  it('has WebCrypto, @noble and hash-wasm behind primitives/ only', () => {
    const using = filesWith(/crypto\.(?:subtle|getRandomValues)|from '(?:@noble|hash-wasm)/);

    expect(using.length).toBeGreaterThan(4);
    expect(using.filter((name) => !name.startsWith('primitives/'))).toEqual([]);
  });

  it('takes code of Node under the condition `node` alone, and no other module of it than the ciphers', () => {
    const { imports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly imports: Readonly<Record<string, object>>;
    };

    expect(Object.keys(imports)).toEqual(['#platform']);
    expect(Object.keys(imports['#platform']!)).toEqual(['node', 'default']);
    expect(filesWith(/from 'node:/)).toEqual(['node/platform.ts']);
    expect(filesWith(/from 'node:(?!crypto')/)).toEqual([]);
    expect(filesWith(/from '#platform'/)).toEqual(['primitives/aead.ts', 'primitives/hash.ts']);
  });

  it('has no older cipher to fall back to', () => {
    expect(filesWith(/AES-CBC|aes-256-cbc|SHA-1\b|RSA-|MD5/i)).toEqual([]);
  });
});

describe('the labels', () => {
  it('are all different, and stand in one file', () => {
    const values = [...Object.values(labels), ...Object.keys(placeFields)];

    expect(new Set(values).size).toBe(values.length);
    expect(new Set(Object.values(treePrefixes)).size).toBe(3);
    expect(filesWith(/'zkv\/|'ZKV1'|'tomb'/)).toEqual(['labels.ts']);
  });
});

describe('the error codes', () => {
  it('are all thrown somewhere, and no other is', () => {
    const thrown = sources.flatMap(({ text }) =>
      Array.from(text.matchAll(/(?:Error\(|code[^\n]* = )\s*'([a-z-]+)'/g), ([, code]) => code!),
    );

    expect(new Set(thrown)).toEqual(new Set(Object.keys(coreErrorCodes)));
  });

  it('are all explained in the README, and no other is', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const explained = Array.from(readme.matchAll(/^\| `([a-z-]+)` +\|/gm), ([, code]) => code!);

    expect(new Set(explained)).toEqual(new Set(Object.keys(coreErrorCodes)));
  });
});
