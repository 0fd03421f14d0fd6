/**
 * @file Who may import whom. Each rule brings a file that breaks it: `check-layers.ts` plants that file in
 * an empty tree first, so that a rule which finds nothing is known to be able to find something.
 */
import type { IRegularForbiddenRuleType } from 'dependency-cruiser';

/** A rule, and one import that it must refuse. */
export interface LayerRule {
  readonly rule: IRegularForbiddenRuleType & { readonly name: string };
  readonly planted: { readonly file: string; readonly imports: string };
}

/** Source that is shipped: tests, and what only tests import, may look everywhere. */
const TESTS = '\\.(test|test-d|bench)\\.ts$|/test/';

function forbid(
  name: string,
  comment: string,
  rule: Pick<IRegularForbiddenRuleType, 'from' | 'to'>,
  planted: LayerRule['planted'],
): LayerRule {
  return { rule: { name, comment, severity: 'error', ...rule }, planted };
}

const anywhere: readonly LayerRule[] = [
  forbid(
    'no-cycle',
    'Imports only go down.',
    { from: {}, to: { circular: true } },
    { file: 'packages/sdk/src/a.ts', imports: './a-too.ts' },
  ),
  forbid(
    'not-resolvable',
    'An import that leads nowhere hides what it imports from every other rule.',
    { from: {}, to: { couldNotResolve: true } },
    { file: 'packages/sdk/src/a.ts', imports: './nowhere.ts' },
  ),
  forbid(
    'not-by-the-own-door',
    'Inside a package, siblings are imported by relative path; index.ts is for others.',
    { from: { path: '^((packages|apps)/[^/]+)/src/', pathNot: TESTS }, to: { path: '^$1/src/index\\.ts$' } },
    { file: 'packages/sdk/src/a.ts', imports: './index.ts' },
  ),
  forbid(
    'no-test-in-source',
    'What is shipped does not import tests.',
    { from: { path: '^(packages|apps)/[^/]+/src/', pathNot: TESTS }, to: { path: TESTS } },
    { file: 'packages/sdk/src/a.ts', imports: './b.test.ts' },
  ),
];

/** Where crypto-core meets Node's own modules. */
const CRYPTO_CORE_NODE_ROOM = '^packages/crypto-core/src/node/';

const rooms: readonly LayerRule[] = [
  forbid(
    'contract-imports-typebox-only',
    'The wire is a leaf.',
    {
      from: { path: '^packages/contract/src/', pathNot: TESTS },
      to: { pathNot: ['^packages/contract/src/', 'node_modules/@sinclair/typebox/'] },
    },
    { file: 'packages/contract/src/a.ts', imports: 'kysely' },
  ),
  forbid(
    'crypto-core-is-closed',
    'No network, no storage, no wire: crypto-core imports its few libraries and nothing else.',
    {
      from: { path: '^packages/crypto-core/src/', pathNot: [TESTS, '-cli\\.ts$', CRYPTO_CORE_NODE_ROOM] },
      to: {
        pathNot: [
          '^packages/crypto-core/src/',
          'node_modules/(@noble/hashes|hash-wasm|@node-rs/argon2|@zxcvbn-ts/[^/]+)/',
        ],
      },
    },
    { file: 'packages/crypto-core/src/a.ts', imports: 'node:fs' },
  ),
  forbid(
    'crypto-core-node-room-imports-ciphers-only',
    'What Node does faster is ciphers and hashes; the room has no other module of it.',
    {
      from: { path: CRYPTO_CORE_NODE_ROOM, pathNot: TESTS },
      to: { pathNot: ['^packages/crypto-core/src/primitives/', '^(node:)?crypto$'] },
    },
    { file: 'packages/crypto-core/src/node/a.ts', imports: 'node:fs' },
  ),
  forbid(
    'crypto-core-is-not-bound-to-node',
    'The Node room is reached by the condition of #platform, from the two files that check lengths.',
    {
      from: {
        path: '^packages/crypto-core/src/',
        pathNot: [TESTS, '^packages/crypto-core/src/primitives/(aead|hash)\\.ts$'],
      },
      to: { path: [CRYPTO_CORE_NODE_ROOM, '^packages/crypto-core/src/primitives/web-platform\\.ts$'] },
    },
    { file: 'packages/crypto-core/src/a.ts', imports: './node/platform.ts' },
  ),
  forbid(
    'primitives-are-the-only-room-with-libraries',
    '@noble and hash-wasm are imported in primitives/ only.',
    {
      from: { path: '^packages/crypto-core/src/', pathNot: [TESTS, '^packages/crypto-core/src/primitives/'] },
      to: { path: 'node_modules/(@noble/hashes|hash-wasm)/' },
    },
    { file: 'packages/crypto-core/src/a.ts', imports: 'hash-wasm' },
  ),
  forbid(
    'native-argon2-only-in-the-node-subpath',
    'A browser bundle must never meet the native Argon2.',
    {
      from: {
        path: '^packages/crypto-core/src/',
        pathNot: [TESTS, '^packages/crypto-core/src/node(\\.ts$|/)'],
      },
      to: { path: 'node_modules/@node-rs/' },
    },
    { file: 'packages/crypto-core/src/a.ts', imports: '@node-rs/argon2' },
  ),
  forbid(
    'strength-only-in-its-subpath',
    'The word lists are large: only the subpath ./strength brings them.',
    {
      from: {
        path: '^packages/crypto-core/src/',
        pathNot: [TESTS, '^packages/crypto-core/src/strength(\\.ts$|[-/])'],
      },
      to: { path: ['node_modules/@zxcvbn-ts/', '^packages/crypto-core/src/strength\\.ts$'] },
    },
    { file: 'packages/crypto-core/src/a.ts', imports: './strength.ts' },
  ),
  forbid(
    'sdk-imports-contract-and-crypto-core',
    'The SDK knows wire and crypto, and no app.',
    {
      from: { path: '^packages/sdk/src/', pathNot: [TESTS, '^packages/sdk/src/node(\\.ts$|/)'] },
      to: {
        pathNot: ['^packages/(sdk|contract|crypto-core)/src/', 'node_modules/(papaparse|@types/papaparse)/'],
      },
    },
    { file: 'packages/sdk/src/a.ts', imports: 'node:fs' },
  ),
  forbid(
    'sdk-node-room-imports-node-only',
    'The rooms for Node and for browsers add platform, not libraries.',
    {
      from: { path: '^packages/sdk/src/node(\\.ts$|/)', pathNot: TESTS },
      to: { pathNot: '^packages/(sdk|contract|crypto-core)/src/', dependencyTypesNot: ['core'] },
    },
    { file: 'packages/sdk/src/node.ts', imports: 'kysely' },
  ),
  forbid(
    'sdk-is-not-bound-to-node',
    'Only the node rooms import the node subpaths.',
    {
      from: { path: '^packages/sdk/src/', pathNot: [TESTS, '^packages/sdk/src/node(\\.ts$|/)'] },
      to: { path: '^packages/(crypto-core|sdk)/src/node(\\.ts$|/)' },
    },
    { file: 'packages/sdk/src/a.ts', imports: '../../crypto-core/src/node.ts' },
  ),
  forbid(
    'sdk-testing-is-for-tests',
    'What stands in for Argon2id, or lies, is never part of a client.',
    {
      from: { path: '^packages/sdk/src/', pathNot: [TESTS, '^packages/sdk/src/testing(\\.ts$|/)'] },
      to: { path: '^packages/sdk/src/testing(\\.ts$|/)' },
    },
    { file: 'packages/sdk/src/a.ts', imports: './testing/insecure-kdf.ts' },
  ),
  forbid(
    'server-holds-no-code-to-decrypt',
    'A server without crypto-core and sdk: the claim made checkable.',
    {
      from: { path: '^apps/server/' },
      to: { path: '^(packages/(crypto-core|sdk)|apps/(?!server/)[^/]+)/' },
    },
    { file: 'apps/server/src/a.ts', imports: '../../../packages/crypto-core/src/seal.ts' },
  ),
  forbid(
    'server-starts-no-process',
    'Nothing that a caller sends can become a command or a program.',
    {
      from: { path: '^apps/server/src/', pathNot: TESTS },
      to: { path: '^(node:)?(child_process|vm|cluster|repl)$' },
    },
    { file: 'apps/server/src/a.ts', imports: 'node:child_process' },
  ),
  forbid(
    'server-starts-one-thread',
    'The embedded database has a thread of its own, made of one file that is shipped; there is no other.',
    {
      from: {
        path: '^apps/server/src/',
        pathNot: [TESTS, '^apps/server/src/db/embedded-(database|thread)\\.ts$'],
      },
      to: { path: '^(node:)?worker_threads$' },
    },
    { file: 'apps/server/src/a.ts', imports: 'node:worker_threads' },
  ),
  forbid(
    'server-calls-nobody-over-http',
    'A server without a client of HTTP cannot be sent anywhere; the key providers use fetch, once at the start.',
    {
      from: { path: '^apps/server/src/', pathNot: TESTS },
      to: { path: '^(node:)?(https|http2|dgram)$|node_modules/(undici|axios|got|node-fetch)/' },
    },
    { file: 'apps/server/src/a.ts', imports: 'node:https' },
  ),
  forbid(
    'server-takes-cryptography-from-node',
    'Primitives are those of Node, of jose over them, and the native Argon2.',
    {
      from: { path: '^apps/server/src/', pathNot: TESTS },
      to: { path: 'node_modules/(@noble/|hash-wasm|crypto-js|bcrypt|node-forge|tweetnacl|jsonwebtoken)' },
    },
    { file: 'apps/server/src/a.ts', imports: '@noble/hashes/sha2.js' },
  ),
  forbid(
    'cli-imports-the-sdk',
    'The command line reaches wire and crypto through the SDK.',
    {
      from: { path: '^apps/cli/src/', pathNot: TESTS },
      to: { path: '^(packages/(contract|crypto-core)|apps/(?!cli/)[^/]+)/' },
    },
    { file: 'apps/cli/src/a.ts', imports: '../../../packages/contract/src/route.ts' },
  ),
  forbid(
    'packages-import-no-app',
    'Packages are below apps.',
    { from: { path: '^packages/[^/]+/src/' }, to: { path: '^apps/' } },
    { file: 'packages/sdk/src/a.ts', imports: '../../../apps/cli/src/b.ts' },
  ),
];

const FEATURE = '^apps/server/src/features/([^/]+)/';
const SQL = 'node_modules/(kysely|pg|@electric-sql/pglite)/';
const HTTP = ['node_modules/(fastify|@fastify/[^/]+|fastify-plugin)/', '^apps/server/src/http/'];

const serverLayers: readonly LayerRule[] = [
  forbid(
    'routes-write-no-sql',
    'routes.ts turns text into calls of its own service.',
    {
      from: { path: `${FEATURE}[^/]*routes\\.ts$` },
      to: { path: [SQL, '^apps/server/src/db/', '/[^/]*store\\.ts$'] },
    },
    { file: 'apps/server/src/features/entries/routes.ts', imports: './store.ts' },
  ),
  forbid(
    'routes-know-their-own-feature',
    'routes.ts calls no other feature.',
    {
      from: { path: `${FEATURE}[^/]*routes\\.ts$` },
      to: { path: '^apps/server/src/features/', pathNot: '^apps/server/src/features/$1/' },
    },
    { file: 'apps/server/src/features/entries/routes.ts', imports: '../users/service.ts' },
  ),
  forbid(
    'services-know-no-http-and-no-sql',
    'service.ts has rules and transactions; the statements are in store.ts.',
    { from: { path: `${FEATURE}[^/]*service\\.ts$` }, to: { path: [...HTTP, SQL] } },
    { file: 'apps/server/src/features/entries/service.ts', imports: 'kysely' },
  ),
  forbid(
    'features-meet-service-to-service',
    "A feature's store, routes and other files are its own.",
    {
      from: { path: FEATURE, pathNot: TESTS },
      to: {
        path: '^apps/server/src/features/',
        pathNot: ['^apps/server/src/features/$1/', '/[^/]*service\\.ts$'],
      },
    },
    { file: 'apps/server/src/features/entries/service.ts', imports: '../users/store.ts' },
  ),
  forbid(
    'stores-know-sql-only',
    'store.ts is one SQL statement per function.',
    {
      from: { path: `${FEATURE}[^/]*store\\.ts$` },
      to: { path: [...HTTP, '^packages/', '/[^/]*(service|routes)\\.ts$'] },
    },
    {
      file: 'apps/server/src/features/entries/store.ts',
      imports: '../../../../../packages/contract/src/route.ts',
    },
  ),
  forbid(
    'shared-rooms-know-no-feature',
    'http/, db/ and lib/ are below the features.',
    {
      from: { path: '^apps/server/src/(http|db|lib)/', pathNot: TESTS },
      to: { path: '^apps/server/src/features/' },
    },
    { file: 'apps/server/src/lib/a.ts', imports: '../features/users/service.ts' },
  ),
  forbid(
    'lib-knows-neither-http-nor-sql',
    'lib/ is what mentions neither.',
    {
      from: { path: '^apps/server/src/lib/', pathNot: TESTS },
      to: { path: [...HTTP, SQL, '^apps/server/src/db/'] },
    },
    { file: 'apps/server/src/lib/a.ts', imports: 'fastify' },
  ),
  forbid(
    'sql-below-http',
    'db/ does not know HTTP.',
    { from: { path: '^apps/server/src/db/', pathNot: TESTS }, to: { path: HTTP } },
    { file: 'apps/server/src/db/a.ts', imports: 'fastify' },
  ),
];

/** Every rule, as docs and CONTRIBUTING.md describe them. */
export const layerRules: readonly LayerRule[] = [...anywhere, ...rooms, ...serverLayers];
