import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalLogin, isReservedLogin, LOGIN_MAX_LENGTH, RESERVED_USERNAMES } from './login.ts';

const a = (count: number) => 'a'.repeat(count);

describe('canonical login', () => {
  it.for([
    ['an address', 'alice@example.com', 'alice@example.com'],
    ['capital letters', 'Alice@Example.COM', 'alice@example.com'],
    ['spaces around', '  alice@example.com\t\n', 'alice@example.com'],
    ['a no-break space around', '\u00a0alice@example.com\u00a0', 'alice@example.com'],
    ['an ideographic space around', '\u3000alice@example.com', 'alice@example.com'],
    ['a byte order mark before', '\ufeffalice@example.com', 'alice@example.com'],
    ['fullwidth letters', 'ａｌｉｃｅ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'alice@example.com'],
    ['the small commercial at', 'alice\ufe6bexample.com', 'alice@example.com'],
    ['mathematical letters', '\u{1d41a}lice@example.com', 'alice@example.com'],
    ['a ligature', 'ﬁona@example.com', 'fiona@example.com'],
    ['a composed letter', 'andr\u00e9@example.com', 'andr\u00e9@example.com'],
    ['a decomposed letter', 'andre\u0301@example.com', 'andr\u00e9@example.com'],
    ['the Kelvin sign', '\u212aim@example.com', 'kim@example.com'],
    ['the Angstrom sign', '\u212b@example.com', '\u00e5@example.com'],
    ['a capital I with a dot', '\u0130pek@example.com', 'i\u0307pek@example.com'],
    ['a capital sigma at the end', 'ΟΔΥΣΣΕΥΣ@example.com', 'οδυσσευς@example.com'],
    ['a German sharp s', 'STRAßE@example.com', 'straße@example.com'],
    ['plus and dots in the local part', 'a.b+c@example.com', 'a.b+c@example.com'],
    ['an apostrophe', "o'neil@example.com", "o'neil@example.com"],
    ['a domain with an umlaut', 'a@m\u00fcnchen.de', 'a@xn--mnchen-3ya.de'],
    ['the same domain decomposed', 'a@mu\u0308nchen.de', 'a@xn--mnchen-3ya.de'],
    ['the same domain in A-label form', 'a@XN--MNCHEN-3YA.de', 'a@xn--mnchen-3ya.de'],
    ['a domain with a sharp s', 'a@fa\u00df.de', 'a@xn--fa-hia.de'],
    ['an ideographic full stop', 'a@例え。jp', 'a@xn--r8jz45g.jp'],
    ['a halfwidth ideographic full stop', 'a@example｡com', 'a@example.com'],
    ['an Arabic domain', 'a@مثال.إختبار', 'a@xn--mgbh0fb.xn--kgbechtv'],
    ['a Hebrew local part', 'דוד@example.com', 'דוד@example.com'],
    ['a domain of one label', 'root@localhost', 'root@localhost'],
    ['an emoji in the local part', '😀@example.com', '😀@example.com'],
    ['a local part of 64', `${a(64)}@example.com`, `${a(64)}@example.com`],
    ['a label of 63', `a@${a(63)}.com`, `a@${a(63)}.com`],
    ['a username', 'alice', 'alice'],
    ['a username in capitals', 'Alice_1-B', 'alice_1-b'],
    ['a fullwidth username', 'ａｌｉｃｅ', 'alice'],
    ['a username of 3', 'abc', 'abc'],
    ['a username of 50', a(50), a(50)],
    ['a username of digits', '123', '123'],
  ] as const)('gives %s its one spelling', ([, text, canonical]) => {
    expect(canonicalLogin(text)).toBe(canonical);
  });

  it.for([
    ['nothing', ''],
    ['spaces', '   '],
    ['a username of 2', 'ab'],
    ['a username of 51', a(51)],
    ['a username with a dot', 'a.b.c'],
    ['a username with a space', 'ali ce'],
    ['a username in another script', 'алиса'],
    ['a username with a right-to-left mark', 'alice\u200f'],
    ['a lone at', '@'],
    ['no local part', '@example.com'],
    ['no domain', 'alice@'],
    ['two ats', 'alice@bob@example.com'],
    ['a space in the local part', 'al ice@example.com'],
    ['a space before the at', 'alice @example.com'],
    ['a zero-width joiner', 'al\u200dice@example.com'],
    ['a right-to-left override', 'alice\u202e@example.com'],
    ['a soft hyphen', 'al\u00adice@example.com'],
    ['a NUL', 'alice\0@example.com'],
    ['a line break', 'alice\n@example.com'],
    ['a quoted local part', '"alice"@example.com'],
    ['a comment', 'alice(work)@example.com'],
    ['angle brackets', '<alice@example.com>'],
    ['a lone surrogate', 'alice\ud800@example.com'],
    ['a local part of 65', `${a(65)}@example.com`],
    ['a label of 64', `a@${a(64)}.com`],
    ['a domain of 254', `a@${`${a(49)}.`.repeat(5)}com`],
    ['an IPv4 literal', 'a@127.0.0.1'],
    ['an IPv4 literal in hexadecimal', 'a@0x7f.1'],
    ['an IPv4 literal as one number', 'a@2130706433'],
    ['an IPv4 literal in brackets', 'a@[127.0.0.1]'],
    ['an IPv6 literal', 'a@[::1]'],
    ['a domain that ends in digits', 'a@example.123'],
    ['a trailing dot', 'a@example.com.'],
    ['a leading dot', 'a@.example.com'],
    ['two dots', 'a@example..com'],
    ['a leading hyphen', 'a@-example.com'],
    ['a trailing hyphen', 'a@example-.com'],
    ['an underscore in the domain', 'a@ex_ample.com'],
    ['a port', 'a@example.com:80'],
    ['a path', 'a@example.com/x'],
    ['a percent escape', 'a@ex%61mple.com'],
    ['a credential', 'a@b:c@example.com'],
    ['a domain that begins with a combining mark', 'a@\u0301example.com'],
    ['a domain of both directions', 'a@אa1.com'],
    ['a domain with a zero-width space', 'a@exam\u200bple.com'],
    ['more than the limit', `${' '.repeat(LOGIN_MAX_LENGTH)}alice`],
    ['an address that grows beyond the limit', `${'\ufb03'.repeat(20)}@${`${a(49)}.`.repeat(4)}com`],
    ['a domain that grows beyond the limit', `a@${`${'ü'.repeat(26)}.`.repeat(8)}com`],
    ['a ligature with spaces in it', 'a\ufdfa@example.com'],
  ] as const)('takes %s for no login', ([, text]) => {
    expect(canonicalLogin(text)).toBeUndefined();
  });

  it('takes what has exactly the limit and refuses one more', () => {
    const domain = `${`${a(61)}.`.repeat(3)}com`;
    const login = `${a(LOGIN_MAX_LENGTH - domain.length - 1)}@${domain}`;

    expect(login).toHaveLength(LOGIN_MAX_LENGTH);
    expect(canonicalLogin(login)).toBe(login);
    expect(canonicalLogin(`${login} `)).toBeUndefined();
  });

  it('is its own canonical form, for any text whatever', () => {
    const pieces = fc.constantFrom(
      '@',
      '.',
      '-',
      'ａ',
      'É',
      'e\u0301',
      'ß',
      'İ',
      'ΑΣ',
      '。',
      'xn--',
      '\u200d',
      'ﬁ',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.emailAddress(),
      fc
        .array(fc.oneof(pieces, fc.string({ minLength: 1, maxLength: 3 })), { maxLength: 12 })
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const once = canonicalLogin(text);

        if (once !== undefined) expect(canonicalLogin(once)).toBe(once);
      }),
      { numRuns: 5_000 },
    );
  });

  it('gives all spellings of an address that differ in case, width and composition one form', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9.+_-]{1,30}$/),
        fc.array(fc.boolean(), { maxLength: 30 }),
        (local, wide) => {
          const spelled = [...local].map((letter, index) =>
            wide[index] === true ? respell(letter) : letter,
          );

          expect(canonicalLogin(`${spelled.join('')}@Example.com`)).toBe(`${local}@example.com`);
        },
      ),
    );
  });

  it('reserves the names of operators, and only usernames', () => {
    expect(RESERVED_USERNAMES.map((name) => canonicalLogin(name))).toEqual(RESERVED_USERNAMES);
    expect(isReservedLogin('admin')).toBe(true);
    expect(isReservedLogin('admin@example.com')).toBe(false);
    expect(isReservedLogin('alice')).toBe(false);
  });
});

/** The fullwidth, upper-case form of an ASCII character. */
function respell(letter: string): string {
  return String.fromCodePoint((letter.toUpperCase().codePointAt(0) ?? 0) + 0xfee0);
}
