import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../test/fixtures.ts';
import { keyFromBytes, type RecoveryKey, type SecretKey, secretKeyFromBytes } from './keys.ts';
import { decodeRecoveryKey, encodeRecoveryKey } from './recovery-key.ts';
import { decodeSecretKey, encodeSecretKey } from './secret-key.ts';

const key32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const notASecretKey = refusal('ProtocolError', 'secret-key-invalid');
const sample = 'ZK1-000G4-0R40M-30E20-9185G-R38E1-W8124-GK2GA-HC5RR-34D1P-70X3R-FN8NM';

function keyOf(fill: number): SecretKey {
  return secretKeyFromBytes(Uint8Array.from({ length: 32 }, (_, index) => (index * fill) & 255));
}

describe('a printed key', () => {
  it('is read back whatever the key', () => {
    fc.assert(
      fc.property(key32, (bytes) => {
        const secretKey = encodeSecretKey(secretKeyFromBytes(bytes));
        const recoveryKey = encodeRecoveryKey(keyFromBytes(bytes) satisfies RecoveryKey);

        expect(secretKey).toMatch(/^ZK1(?:-[0-9A-HJKMNP-TV-Z]{5}){11}$/);
        expect(recoveryKey).toMatch(/^ZKR1(?:-[0-9A-HJKMNP-TV-Z]{5}){11}$/);
        expect(decodeSecretKey(secretKey)).toEqual(bytes);
        expect(decodeRecoveryKey(recoveryKey)).toEqual(bytes);
      }),
    );
  });

  it.for([
    ['in lower case', (text: string) => text.toLowerCase()],
    ['without dashes', (text: string) => text.replaceAll('-', '')],
    ['with spaces for dashes and around', (text: string) => `  ${text.replaceAll('-', ' ')}\n`],
    ['with typographic dashes', (text: string) => text.replaceAll('-', ' – ')],
    ['with O for 0', (text: string) => text.replaceAll('0', 'O')],
    ['with l for 1', (text: string) => text.replaceAll('1', 'l')],
    ['with I for 1', (text: string) => text.replaceAll('1', 'i')],
  ] as const)('is read back typed %s', ([, typed]) => {
    const secretKey = keyOf(11);

    expect(decodeSecretKey(typed(encodeSecretKey(secretKey)))).toEqual(secretKey);
  });

  it('is refused with any one character exchanged', () => {
    const text = encodeSecretKey(keyOf(7));
    const body = text.slice(4);
    const wrong: string[] = [];
    for (let at = 0; at < body.length; at += 1) {
      if (body[at] === '-') continue;
      const other = body[at] === 'A' ? 'B' : 'A';
      wrong.push(`ZK1-${body.slice(0, at)}${other}${body.slice(at + 1)}`);
    }

    expect(wrong).toHaveLength(55);
    for (const typed of wrong) expect(() => decodeSecretKey(typed)).toThrow(notASecretKey);
  });

  it('is refused with two neighbours swapped', () => {
    fc.assert(
      fc.property(key32, fc.nat(53), (bytes, at) => {
        const body = encodeSecretKey(secretKeyFromBytes(bytes)).slice(4).replaceAll('-', '');
        const swapped = body.slice(0, at) + body.charAt(at + 1) + body.charAt(at) + body.slice(at + 2);
        fc.pre(swapped !== body);

        expect(() => decodeSecretKey(`ZK1-${swapped}`)).toThrow(notASecretKey);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('of one kind is not one of the other', () => {
    const recoveryKey = encodeRecoveryKey(keyFromBytes(new Uint8Array(32)));
    const renamed = recoveryKey.replace('ZKR1', 'ZK1');

    expect(() => decodeSecretKey(recoveryKey)).toThrow(notASecretKey);
    expect(() => decodeSecretKey(renamed)).toThrow(notASecretKey);
    expect(() => decodeRecoveryKey(encodeSecretKey(keyOf(1)))).toThrow(
      refusal('ProtocolError', 'recovery-key-invalid'),
    );
  });

  it.for([
    '',
    'ZK1-',
    `${sample}${'-'.repeat(200)}`,
    sample.slice(0, -1),
    `${sample}0`,
    sample.replace('ZK1-', ''),
    sample.replace('G', 'U'),
    sample.replace('G', '!'),
  ])('is not %j', (typed) => {
    expect(() => decodeSecretKey(typed)).toThrow(notASecretKey);
  });

  it('has a recorded form, computed by another program, that never changes', () => {
    expect(encodeSecretKey(keyOf(1))).toBe(sample);
    expect(encodeRecoveryKey(keyFromBytes(keyOf(1)))).toBe(
      'ZKR1-000G4-0R40M-30E20-9185G-R38E1-W8124-GK2GA-HC5RR-34D1P-70X3R-FW0CV',
    );
  });
});
