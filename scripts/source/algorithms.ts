/** @file The inventory of cryptography: every algorithm that shipped source names, where, and what it is for. */
import { globSync, readFileSync } from 'node:fs';
import ts from 'typescript';

/** What may be named: algorithms, and libraries that have some; each with what it is for. */
const PURPOSES: Readonly<Record<string, string>> = {
  'AES-GCM': 'envelopes of clients: AES-256, a tag of 128 bits, a fresh key for each (WebCrypto)',
  'aes-256-gcm': 'secrets at rest, backups and wrapped key rings of the server (Node)',
  PBKDF2: 'the KDF profile for FIPS: HMAC-SHA-256, off unless a client asks for it (WebCrypto)',
  'pbkdf2-hmac-sha-256': 'its name in the table of profiles',
  argon2id: 'passwords on devices, 64 MiB and more; verifiers on the server, 19 MiB and more',
  'SHA-256': 'the hash of PBKDF2 (WebCrypto)',
  sha256: 'HMAC, HKDF and hashes of the server and of the command line (Node)',
  sha1: 'one-time passwords of the second factor, which authenticator apps compute so (RFC 6238)',
  HS256: 'access tokens: HMAC-SHA-256',
  'AWS4-HMAC-SHA256': 'calls of the operator’s AWS key service',
  'RSA-OAEP-256': 'what the operator’s Azure key wraps the key ring with',
  '@noble/hashes/hkdf.js': 'HKDF-SHA-256: a key for each use',
  '@noble/hashes/hmac.js': 'HMAC-SHA-256: commitments, seals of manifests and pins',
  '@noble/hashes/sha2.js': 'SHA-256: envelopes, manifests, codes',
  'hash-wasm': 'Argon2id in browsers',
  '@node-rs/argon2': 'Argon2id in Node',
  jose: 'signing and verifying access tokens',
  'node:crypto': 'AES-256-GCM, HMAC, HKDF, SHA-256, random bytes and comparison in constant time',
};
const NAMES =
  /^(?:@noble\/.+|hash-wasm|@node-rs\/argon2|jose|node:crypto|(?:aes|des-|rc4|rc2|chacha|blowfish|md[245]|sha|ripemd|blake|hmac|hkdf|pbkdf2|scrypt|bcrypt|argon2|rsa|ecdsa|ecdh|ed25519|x25519|HS\d|RS\d|ES\d|PS\d|AWS4-)[a-z0-9-]*)$/i;

/** One algorithm and the files that name it. */
export interface UsedAlgorithm {
  readonly name: string;
  readonly purpose: string;
  readonly files: readonly string[];
}

/** The algorithms that are used. @throws {Error} one that nobody has said anything about. */
export function usedAlgorithms(root: string): readonly UsedAlgorithm[] {
  const found = new Map<string, Set<string>>();
  for (const path of globSync('{apps,packages}/*/src/**/*.ts', { cwd: root }).toSorted()) {
    if (path.endsWith('.test.ts') || path.startsWith('apps/bench/')) continue;
    for (const text of textsOf(path, readFileSync(root + path, 'utf8')))
      if (NAMES.test(text)) found.set(text, (found.get(text) ?? new Set()).add(path));
  }
  return [...found]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, files]) => {
      const purpose = PURPOSES[name];
      if (purpose === undefined)
        throw new Error(
          `${[...files].join(', ')} names ${name}: say in scripts/source/algorithms.ts what for`,
        );
      return { name, purpose, files: [...files] };
    });
}

function textsOf(path: string, text: string): readonly string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) texts.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false));
  return texts;
}
