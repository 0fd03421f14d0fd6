/** @file Access tokens that must not be taken, each spoilt in one way, and the one way in which none is spoilt. */
import { createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { testJwtSecret } from '../test-server.ts';
import type { Member } from './cast.ts';

type Json = Record<string, unknown>;

/** Signs what a test says, by hand: a library would refuse half of it. */
export interface Forger {
  /** A token with everything right but what is changed; undefined removes. */
  forge(change?: { header?: Json; claims?: Json; secret?: string | Uint8Array; hash?: string }): string;
}

/** A forger that knows the server's secret and speaks for a member. */
export function forgerOf(member: Member): Forger {
  const [head = '', body = ''] = member.token.split('.');
  const header = parse(head);
  const claims = parse(body);
  return {
    forge: (change = {}) => {
      const signed = [
        { ...header, ...change.header },
        { ...claims, ...change.claims },
      ]
        .map(encode)
        .join('.');
      return `${signed}.${hmac(signed, change.secret ?? testJwtSecret, change.hash ?? 'sha256')}`;
    },
  };
}

const parse = (part: string): Json => JSON.parse(Buffer.from(part, 'base64url').toString()) as Json;
const encode = (part: Json): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const hmac = (signed: string, secret: string | Uint8Array, hash: string): string =>
  createHmac(hash, secret).update(signed).digest('base64url');

const CLAIMS = ['iss', 'aud', 'exp', 'iat', 'sub', 'jti', 'sid', 'role', 'typ'] as const;
/** Claims that are times; the others are text. */
const TIMES: readonly string[] = ['exp', 'iat'];

/**
 * Values of the header `Authorization` that let nobody in.
 *
 * @param member whose right token they are made of.
 * @param other somebody else.
 */
export function spoiltAuthorizations(member: Member, other: Member): readonly (readonly [string, string])[] {
  return [
    ...garbage.map((token) => [`garbage ${JSON.stringify(token)}`, `Bearer ${token}`] as const),
    ...schemes(member),
    ...Object.entries(spoiltTokens(member, other)).map(([name, token]) => [name, `Bearer ${token}`] as const),
  ];
}

/** Requirement 83, and what clients send by mistake. */
const garbage = [
  '',
  ' ',
  'null',
  'undefined',
  'true',
  '0',
  '{}',
  '[]',
  '""',
  '.',
  '..',
  '...',
  'a.b.c',
  'not-a-jwt',
  'Bearer',
  '%00',
  '../../etc/passwd',
  "' or 1=1 --",
  '\u00ff\u00fe',
  '🦊',
  'x'.repeat(4_096),
  `${'A'.repeat(1_365)}.${'A'.repeat(1_365)}.${'A'.repeat(1_364)}`,
  'x'.repeat(12_000),
];

function schemes({ token, refreshToken, userId }: Member): readonly (readonly [string, string])[] {
  return [
    ['the token without a scheme', token],
    ['another scheme', `Token ${token}`],
    ['basic', `Basic ${Buffer.from(`${userId}:${token}`).toString('base64')}`],
    ['two tokens', `Bearer ${token} ${token}`],
    ['two tokens and a comma', `Bearer ${token}, Bearer ${token}`],
    ['two spaces', `Bearer  ${token}`],
    ['a tab', `Bearer\t${token}`],
    ['quotes', `Bearer "${token}"`],
    ['a refresh token as access token', `Bearer ${refreshToken}`],
  ];
}

function spoiltTokens(member: Member, other: Member): Readonly<Record<string, string>> {
  const { forge } = forgerOf(member);
  const [head = '', body = '', signature = ''] = member.token.split('.');
  const seconds = Math.floor(Date.now() / 1_000);
  return {
    expired: forge({ claims: { exp: seconds - 3_600 } }),
    'expired at this second': forge({ claims: { exp: seconds - 1 } }),
    'another issuer': forge({ claims: { iss: 'https://evil.example' } }),
    'another audience': forge({ claims: { aud: 'evil' } }),
    'a list of other audiences': forge({ claims: { aud: ['evil', 'other'] } }),
    'typ refresh': forge({ claims: { typ: 'refresh' } }),
    'typ in capitals': forge({ claims: { typ: 'ACCESS' } }),
    'a role that is none': forge({ claims: { role: 'superuser' } }),
    'a role of the prototype': forge({ claims: { role: 'constructor' } }),
    'the role of an administrator': forge({ claims: { role: member.role === 'admin' ? 'user' : 'admin' } }),
    "another user's id": forge({ claims: { sub: other.userId } }),
    "another user's session": forge({ claims: { sid: other.sessionId } }),
    'a session that is none': forge({ claims: { sid: randomUUID() } }),
    'a session of SQL': forge({ claims: { sid: "' or '1'='1" } }),
    'the session in capitals': forge({ claims: { sid: member.sessionId.toUpperCase() } }),
    'another time to begin': forge({ claims: { nbf: seconds + 3_600 } }),
    ...Object.fromEntries(CLAIMS.map((name) => [`no ${name}`, forge({ claims: { [name]: undefined } })])),
    ...Object.fromEntries(
      CLAIMS.flatMap((name) =>
        wrongValues(name).map((value) => [
          `${name} is ${JSON.stringify(value)}`,
          forge({ claims: { [name]: value } }),
        ]),
      ),
    ),
    'the right claims twice, as a list': `${head}.${Buffer.from(`[${Buffer.from(body, 'base64url').toString()}]`).toString('base64url')}.${signature}`,
    ...otherKeys(member),
    ...otherSpellings(member),
  };
}

function wrongValues(claim: (typeof CLAIMS)[number]): readonly unknown[] {
  const always = [null, true, [], {}, ''];
  return TIMES.includes(claim) ? [...always, '9999999999', [9_999_999_999]] : [...always, 0, { '': 1 }];
}

/** Other algorithms, keys and ways to name them. */
function otherKeys(member: Member): Readonly<Record<string, string>> {
  const { forge } = forgerOf(member);
  const { privateKey, publicKey } = rsa;
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const body = member.token.split('.')[1] ?? '';
  const header = parse(member.token.split('.')[0] ?? '');
  const bySignature = (change: Json, key: typeof privateKey): string => {
    const signed = `${encode({ ...header, ...change })}.${body}`;
    return `${signed}.${sign(change['alg'] === 'EdDSA' ? null : 'sha256', Buffer.from(signed), key).toString('base64url')}`;
  };
  const unsigned = (alg: unknown): string => `${encode({ ...header, alg })}.${body}.`;
  const kids: readonly unknown[] = [
    'unknown',
    '',
    null,
    0,
    [],
    {},
    '../../../../dev/null',
    '/proc/self/environ',
    "' union select 'key",
    '__proto__',
    'constructor',
    `${String(header['kid'])}\0`,
    [header['kid']],
  ];
  return {
    ...Object.fromEntries(
      ['none', 'None', 'NONE', 'nOnE', '', null].map((alg) => [`alg ${String(alg)}`, unsigned(alg)]),
    ),
    'alg none with the old signature': `${encode({ ...header, alg: 'none' })}.${member.token.split('.').slice(1).join('.')}`,
    'alg none of two parts': `${encode({ ...header, alg: 'none' })}.${body}`,
    'no alg': forge({ header: { alg: undefined } }),
    'alg in small letters': forge({ header: { alg: 'hs256' } }),
    'another secret': forge({ secret: 'another secret of more than 32 characters' }),
    'an empty secret': forge({ secret: '' }),
    'the secret and a line end': forge({ secret: `${testJwtSecret}\n` }),
    HS384: forge({ header: { alg: 'HS384' }, hash: 'sha384' }),
    HS512: forge({ header: { alg: 'HS512' }, hash: 'sha512' }),
    'HS256 that says RS256': forge({ header: { alg: 'RS256' } }),
    'HS256 under a public key': forge({ secret: pem }),
    'HS256 under a public key in DER': forge({ secret: publicKey.export({ type: 'spki', format: 'der' }) }),
    RS256: bySignature({ alg: 'RS256' }, privateKey),
    PS256: bySignature({ alg: 'PS256' }, privateKey),
    'RS256 that says HS256': bySignature({ alg: 'HS256' }, privateKey),
    EdDSA: bySignature({ alg: 'EdDSA' }, generateKeyPairSync('ed25519').privateKey),
    'RS256 with its key inside': bySignature(
      { alg: 'RS256', jwk: publicKey.export({ format: 'jwk' }) },
      privateKey,
    ),
    'HS256 with its key inside': forge({
      header: { jwk: { kty: 'oct', k: Buffer.from('evil').toString('base64url') } },
      secret: 'evil',
    }),
    'a place to fetch the key': forge({ header: { jku: 'https://evil.example/keys' }, secret: 'evil' }),
    'an unknown critical part': forge({ header: { crit: ['exp'] } }),
    'an unencoded payload': forge({ header: { b64: false, crit: ['b64'] } }),
    'no kid': forge({ header: { kid: undefined } }),
    ...Object.fromEntries(kids.map((kid) => [`kid ${JSON.stringify(kid)}`, forge({ header: { kid } })])),
  };
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** The same token in other letters: a lenient decoder reads the same bytes. */
function otherSpellings(member: Member): Readonly<Record<string, string>> {
  const { token } = member;
  const parts = token.split('.');
  const withPart = (index: number, change: (part: string) => string): string =>
    parts.map((part, at) => (at === index ? change(part) : part)).join('.');
  return {
    ...Object.fromEntries(
      parts.flatMap((_, index) => [
        [`padding after part ${index}`, withPart(index, (part) => `${part}=`)],
        [`a line end in part ${index}`, withPart(index, (part) => `${part.slice(0, 8)}\n${part.slice(8)}`)],
        [
          `standard letters in part ${index}`,
          withPart(index, (part) => `${part.slice(0, -4)}+/${part.slice(-2)}`),
        ],
        [`an empty part ${index}`, withPart(index, () => '')],
      ]),
    ),
    'spare bits set in the signature': `${token.slice(0, -1)}${nextLetter(token.at(-1) ?? '')}`,
    'a fourth part': `${token}.`,
    'a fifth part': `${token}.AA.AA`,
    'a point before': `.${token}`,
    'a part missing': parts.slice(0, 2).join('.'),
    'a letter changed in the signature': `${token.slice(0, -5)}${nextLetter(token.at(-5) ?? '')}${token.slice(-4)}`,
    'a letter changed in the claims': withPart(
      1,
      (part) => `${nextLetter(part.at(0) ?? '')}${part.slice(1)}`,
    ),
    'more than 4 KiB': longToken(member, 4_096 + 1),
  };
}

/** Another letter that decodes to the same bytes in a lenient decoder: HS256 leaves two spare bits. */
function nextLetter(letter: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(letter) + 1] ?? 'A';
}

/** A right token of at least so many characters, and the shortest such. */
export function longToken(member: Member, length: number): string {
  const { forge } = forgerOf(member);
  let padding = Math.max(0, Math.floor(((length - forge({ claims: { padding: '' } }).length) * 3) / 4) - 4);
  let token = '';
  do {
    token = forge({ claims: { padding: 'x'.repeat(padding) } });
    padding += 1;
  } while (token.length < length);
  return token;
}
