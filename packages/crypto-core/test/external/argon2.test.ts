import { expect, it } from 'vitest';
import { bytesToHex, utf8 } from '../../src/bytes.ts';
import { nativeKdf } from '../../src/node.ts';
import { type Argon2Input, type Kdf, portableKdf } from '../../src/primitives/argon2.ts';
import { describeExternal, fromHex, readRecords, readVectors, type VectorRecord } from './vector-files.ts';

/** An input as a file has it: perhaps with what our interface cannot say, and must then refuse. */
type Wider = Argon2Input & {
  secret?: Uint8Array;
  associatedData?: Uint8Array;
  algorithm?: string;
  version?: number;
};

const implementations = [
  ['portable', portableKdf],
  ['native', nativeKdf],
] as const satisfies readonly (readonly [string, Kdf])[];

/** True if our profile can say it: Argon2id v1.3 without secret and associated data, sizes within bounds. */
function isOurs({ password, salt, ...rest }: Wider): boolean {
  const bounded = password.length >= 1 && password.length <= 1024 && salt.length >= 8 && salt.length <= 1024;
  return (
    bounded && !('secret' in rest || 'associatedData' in rest || 'algorithm' in rest || 'version' in rest)
  );
}

async function expectAnswers(kdf: Kdf, cases: readonly (readonly [Wider, string])[]): Promise<void> {
  for (const [input, output] of cases)
    if (isOurs(input)) expect(bytesToHex(await kdf.argon2id(input))).toBe(output.toLowerCase());
    else await expect(kdf.argon2id(input)).rejects.toThrow(RangeError);
}

function caseOf(record: VectorRecord): readonly [Wider, string] {
  const input: Wider = {
    password: fromHex(record['passphrase'] ?? record['pass']),
    salt: fromHex(record['salt']),
    memoryKib: Number(record['m'] ?? record['memcost']),
    iterations: Number(record['t'] ?? record['iter']),
    parallelism: Number(record['p'] ?? record['lanes']),
    hashBytes: record['output']!.length / 2,
    ...(record['secret'] === undefined ? {} : { secret: fromHex(record['secret']) }),
    ...(record['ad'] === undefined ? {} : { associatedData: fromHex(record['ad']) }),
    ...(['', 'Argon2id'].includes(record['section']!) ? {} : { algorithm: record['section']! }),
  };
  return [input, record['output']!];
}

describeExternal('RFC 9106 and its companions (pyca)', () => {
  const cases = () => readRecords('argon2/rfc-9106-argon2id-pyca.txt', 'output').map(caseOf);

  it.for(implementations)(
    'the %s Argon2id agrees, and refuses secrets and empty passwords',
    async ([, kdf]) => {
      expect(cases()).toHaveLength(6);
      expect(cases().filter(([input]) => isOurs(input))).toHaveLength(4);
      await expectAnswers(kdf, cases());
    },
  );
});

describeExternal('Botan Argon2', () => {
  const cases = () => readRecords('argon2/botan-argon2.vec.gz', 'output').map(caseOf);

  it.for(implementations)(
    'the %s Argon2id agrees, and refuses Argon2d, Argon2i and secrets',
    async ([, kdf]) => {
      expect(cases()).toHaveLength(357);
      expect(cases().filter(([input]) => isOurs(input))).toHaveLength(317);
      await expectAnswers(kdf, cases());
    },
  );

  it.for(implementations)('the %s Argon2id agrees with the encoded hashes', async ([, kdf]) => {
    const encoded = /\$(argon2\w+)\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)/g;
    const hashes = Array.from(readVectors('argon2/botan-passhash-argon2.vec').matchAll(encoded));

    expect(hashes).toHaveLength(6);
    await expectAnswers(
      kdf,
      hashes.map(([, algorithm, memoryKib, iterations, parallelism, salt, hash]) => {
        const output = Buffer.from(hash!, 'base64');
        const input: Wider = {
          password: utf8('pass'),
          salt: new Uint8Array(Buffer.from(salt!, 'base64')),
          memoryKib: Number(memoryKib),
          iterations: Number(iterations),
          parallelism: Number(parallelism),
          hashBytes: output.length,
          ...(algorithm === 'argon2id' ? {} : { algorithm: algorithm! }),
        };
        return [input, output.toString('hex')] as const;
      }),
    );
  });
});

describeExternal('the noble matrix', () => {
  /** The rows of noble-hashes test/argon2-cases.ts, in its order; what a row leaves out is as in the first. */
  const rows: readonly {
    readonly [Name in 'password' | 'salt' | 'secret' | 'bytes' | 't' | 'p' | 'm']?: number;
  }[] = [
    {},
    { password: 0, salt: 8, bytes: 4 },
    { password: 1, salt: 9, bytes: 16 },
    { password: 64, salt: 32, secret: 1, bytes: 33 },
    { password: 256, salt: 64, secret: 8, bytes: 64 },
    { password: 1024, salt: 256, secret: 257, bytes: 128 },
    { password: 65_536, salt: 1024, secret: 1024, bytes: 512 },
    { password: 262_144, salt: 65_536, secret: 65_536 },
    { t: 2, p: 2, m: 16 },
    { t: 4, p: 3, m: 24 },
    { t: 8, p: 4, m: 32 },
    { t: 32, m: 64 },
    { p: 16, m: 128 },
    { m: 1024 },
    { m: 4096, bytes: 1024 },
  ];
  /** The matrix is computed for six functions; Argon2id v1.3 comes last. */
  const variants = [
    { algorithm: 'argon2d', version: 0x10 },
    { algorithm: 'argon2d' },
    { algorithm: 'argon2i', version: 0x10 },
    { algorithm: 'argon2i' },
    { version: 0x10 },
    {},
  ];

  function patterned(start: number, length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, index) => start + (index % 5));
  }

  it.for(implementations)(
    'the %s Argon2id agrees, and refuses what is not Argon2id v1.3',
    async ([, kdf]) => {
      const digests = JSON.parse(readVectors('argon2/noble-argon2.json')) as readonly string[];
      const cases = variants.flatMap((variant) =>
        rows.map(
          (row): Wider => ({
            password: patterned(1, row.password ?? 32),
            salt: patterned(6, row.salt ?? 16),
            memoryKib: row.m ?? 8,
            iterations: row.t ?? 1,
            parallelism: row.p ?? 1,
            hashBytes: row.bytes ?? 32,
            ...(row.secret === undefined ? {} : { secret: patterned(11, row.secret) }),
            ...variant,
          }),
        ),
      );

      expect(digests).toHaveLength(cases.length);
      expect(cases.filter(isOurs)).toHaveLength(9);
      await expectAnswers(
        kdf,
        cases.map((input, index) => [input, digests[index]!] as const),
      );
    },
  );
});

describeExternal('the PHC known answer with all its blocks', () => {
  it.for(implementations)(
    'is of a secret and associated data, which the %s Argon2id refuses',
    async ([, kdf]) => {
      const text = readVectors('argon2/phc-kat-argon2id.txt.gz');
      const bytesOf = (name: string) =>
        fromHex(new RegExp(`^${name}\\[\\d+\\]: (.*)$`, 'm').exec(text)![1]!.replaceAll(' ', ''));
      const input: Wider = {
        password: bytesOf('Password'),
        salt: bytesOf('Salt'),
        secret: bytesOf('Secret'),
        associatedData: bytesOf('Associated data'),
        memoryKib: 32,
        iterations: 3,
        parallelism: 4,
        hashBytes: 32,
      };

      expect(input.password).toHaveLength(32);
      await expectAnswers(kdf, [[input, '']]);
    },
  );
});
