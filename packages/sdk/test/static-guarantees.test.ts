/** @file What holds because of what is not there: code, parameters and dependencies that no attack can reach. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const packages = fileURLToPath(new URL('../../', import.meta.url));

/** Source that is shipped, without its comments, by path. */
function shipped(name: string): ReadonlyMap<string, string> {
  const root = `${packages}${name}/src/`;
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  return new Map(
    sources.map((file) => [`${name}/${file}`, withoutComments(readFileSync(`${root}${file}`, 'utf8'))]),
  );
}

function withoutComments(source: string): string {
  const compilerOptions = {
    removeComments: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
  };
  return ts.transpileModule(source, { compilerOptions }).outputText;
}

/** The types of everything that can be reached from a package's doors. */
function declarationsOf(doors: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const open = doors.map((door) => `${packages}${door}`);
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue;
    const { outputText } = ts.transpileDeclaration(readFileSync(path, 'utf8'), {
      fileName: path,
      compilerOptions: { removeComments: true, target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
    });
    found.set(path, outputText);
    for (const [, file] of outputText.matchAll(/from '(\.[^']+\.ts)'/g))
      open.push(new URL(file!, `file://${path}`).pathname);
  }
  return found;
}

const code = new Map([...shipped('sdk'), ...shipped('crypto-core'), ...shipped('contract')]);

describe('the code that runs on a device', () => {
  it.for([
    ['another cipher', /\b(aes-?\d*-?(cbc|ctr|ecb)|(cbc|ctr|ecb)\b|chacha|des-ede|rc4)/i],
    ['a broken hash', /\bsha-?1\b|\bmd5\b/i],
    ['eval', /\beval\s*\(/],
    ['the Function constructor', /\bnew\s+Function\b|\bFunction\s*\(/],
    ['code from elsewhere', /\bimport\s*\(\s*(?!['"]@?[a-z.])|importScripts|createElement\(['"]script/],
    ['randomness that is none, where keys are made', /Math\.random\(\)(?! *\))/],
    ['Buffer, which decodes what is not base64url', /\bBuffer\.from\(/],
  ] as const)('has no %s', ([name, pattern]) => {
    const found = [...code].filter(([path, source]) => pattern.test(source) && !isAllowed(name, path));

    expect(code.size).toBeGreaterThan(80);
    expect(found.map(([path]) => path)).toEqual([]);
  });

  it('calls fetch in one place, and every request refuses redirects there', () => {
    const calling = [...code].filter(
      ([path, source]) => !path.startsWith('sdk/testing') && /\bfetch\s*\(/.test(source),
    );
    const transport = code.get('sdk/transport.ts')!;

    expect(calling.map(([path]) => path).toSorted()).toEqual(['sdk/settings.ts', 'sdk/transport.ts']);
    const calls = transport.match(/config\.fetch\(/g)!;

    expect(transport.match(/config\.fetch\(url, initOf\(route, request, signal\)\)/g)).toHaveLength(
      calls.length,
    );
    expect(transport.match(/redirect:/g)).toHaveLength(1);
    expect(transport).toContain("redirect: 'error'");
    expect(code.get('sdk/settings.ts')).toMatch(
      /fetch: options\.fetch \?\? \(\(input, init\) => globalThis\.fetch\(input, init\)\)/,
    );
  });
});

describe('the public types', () => {
  const sdk = declarationsOf(['sdk/src/index.ts', 'sdk/src/node.ts', 'sdk/src/browser.ts']);

  it.for(['iv', 'nonce', 'salt', 'iterations', 'memoryKib'])(
    'of the SDK have no way to give a %s',
    (name) => {
      const pattern = new RegExp(`\\b${name}\\??\\s*:`);
      const found = [...sdk]
        .filter(([, types]) => pattern.test(types))
        .map(([path]) => path.replace(packages, ''));

      expect(sdk.size).toBeGreaterThan(12);
      expect(found).toEqual([]);
    },
  );

  it('of crypto-core’s seal take a key, a place and a plaintext', () => {
    const types = declarationsOf(['crypto-core/src/envelope.ts']).get(
      `${packages}crypto-core/src/envelope.ts`,
    )!;
    const [, parameters] = /function seal<[^(]*>\(([^)]*)\)/.exec(types)!;

    expect(parameters!.split(',').map((each) => each.trim().split(':')[0])).toEqual([
      'key',
      'place',
      'plaintext',
    ]);
    expect(readFileSync(`${packages}crypto-core/src/index.ts`, 'utf8')).not.toMatch(
      /sealWith|hkdfSha256|encryptAesGcm/,
    );
  });
});

describe('the server', () => {
  it('depends on nothing that can open an envelope, directly or by another package of ours', () => {
    const manifest = (path: string) =>
      JSON.parse(readFileSync(`${packages}../${path}/package.json`, 'utf8')) as Record<
        'dependencies' | 'devDependencies',
        Record<string, string> | undefined
      >;
    const seen = new Set<string>();
    const open = ['apps/server'];
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      const { dependencies, devDependencies } = manifest(path);
      for (const name of Object.keys({ ...dependencies, ...(path === 'apps/server' && devDependencies) })) {
        if (!name.startsWith('@zkvault/') || seen.has(name)) continue;
        seen.add(name);
        open.push(`packages/${name.slice('@zkvault/'.length)}`);
      }
    }

    expect([...seen]).toEqual(['@zkvault/contract']);
  });
});

/** Where a pattern means something else, and why. */
function isAllowed(name: string, path: string): boolean {
  // The pause before a request is sent again; no key depends on it.
  return (
    name.startsWith('randomness') &&
    ['sdk/transport.ts', 'sdk/watch.ts', 'sdk/node/file-lock.ts'].includes(path)
  );
}
