import { describe, expect, it } from 'vitest';
import { readExternalText } from '../../test/external.ts';
import { makeOneTimePassword, TOTP_STEP_SECONDS } from './one-time-password.ts';

/** Records of `Name = value` lines, with a value that holds until it is said anew. */
function readRecords(text: string, closedBy: string): Readonly<Record<string, string>>[] {
  const present: Record<string, string> = {};
  const records: Record<string, string>[] = [];
  for (const line of text.split('\n')) {
    const [, name, value] = /^(\w+) = (.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    present[name] = value;
    if (name === closedBy) records.push({ ...present });
  }
  return records;
}

/** The part of a Botan file that is about SHA-1. */
function sha1Part(text: string): string {
  return text.slice(text.indexOf('[SHA-1]'), text.indexOf('[SHA-256]'));
}

const rfc6238 = readExternalText('rfc/rfc-6238-totp.txt');
const botanTotp = readExternalText('rfc/botan-totp.vec');
const botanHotp = readExternalText('rfc/botan-hotp.vec');

describe('one-time passwords', () => {
  it.skipIf(rfc6238 === undefined)('are those of RFC 6238 appendix B, of 8 digits and cut to 6', () => {
    const records = readRecords(rfc6238 ?? '', 'SECRET').filter(({ MODE }) => MODE === 'SHA1');

    expect(records).toHaveLength(6);
    for (const { TIME, TOTP, SECRET } of records) {
      const step = Math.floor(Number(TIME) / TOTP_STEP_SECONDS);
      const seed = Buffer.from(SECRET ?? '', 'ascii');

      expect(makeOneTimePassword(seed, step, 8)).toBe(TOTP);
      // Both are the same number, modulo 10^8 and 10^6: RFC 4226 section 5.3.
      expect(makeOneTimePassword(seed, step)).toBe(TOTP?.slice(2));
    }
  });

  it.skipIf(botanTotp === undefined)("are those of Botan's TOTP under SHA-1", () => {
    const records = readRecords(sha1Part(botanTotp ?? ''), 'OTP');

    expect(records.length).toBeGreaterThanOrEqual(3);
    for (const { Key, Digits, Timestep, Timestamp = '', OTP } of records) {
      const [year, month, day, hour, minute, second] = (Timestamp.match(/\d+/g) ?? []).map(Number);
      const seconds = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second) / 1_000;
      const step = Math.floor(seconds / Number(Timestep));

      expect(makeOneTimePassword(Buffer.from(Key ?? '', 'hex'), step, Number(Digits) as 8)).toBe(OTP);
    }
  });

  it.skipIf(botanHotp === undefined)("are those of Botan's HOTP under SHA-1", () => {
    const records = readRecords(sha1Part(botanHotp ?? ''), 'OTP');

    expect(records.length).toBeGreaterThanOrEqual(10);
    for (const { Key, Digits, Counter, OTP } of records)
      expect(makeOneTimePassword(Buffer.from(Key ?? '', 'hex'), Number(Counter), Number(Digits) as 6)).toBe(
        OTP,
      );
  });

  it('keep their zeros in front', () => {
    const seed = Buffer.alloc(20);
    const passwords = Array.from({ length: 200 }, (_, counter) => makeOneTimePassword(seed, counter));

    expect(passwords.every((password) => /^\d{6}$/.test(password))).toBe(true);
    expect(passwords.some((password) => password.startsWith('0'))).toBe(true);
  });
});
