/// <reference types="node" />
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { canonicalLogin } from '../src/login.ts';
import { externalFolder, readExternalJson } from './external.ts';

const folder = externalFolder('formats');

// These suites define other grammars (RFC 5321, RFC 6531, RFC 1123) than ours: they are inputs, not verdicts.
describe.runIf(folder !== undefined)('addresses of other suites', () => {
  it.for(['email', 'idn-email', 'hostname'])(
    'neither break the login rule nor have two forms: %s',
    (name) => {
      const groups = readExternalJson(`${folder}/${name}.json`) as readonly {
        readonly tests: readonly { readonly data: unknown }[];
      }[];
      const texts = groups.flatMap((group) => group.tests.map((test) => test.data)).filter(isText);

      expect(texts.length).toBeGreaterThan(5);
      expect(texts.filter(hasTwoForms)).toEqual([]);
      expect(texts.map((text) => `user@${text}`).filter(hasTwoForms)).toEqual([]);
    },
  );

  it('neither break the login rule nor have two forms: isemail', () => {
    const xml = readFileSync(`${folder}/isemail-tests.xml`, 'utf8');
    const texts = [...xml.matchAll(/<address>([^<]*)<\/address>/g)].map(([, text = '']) => unescapeXml(text));

    expect(texts.length).toBeGreaterThan(150);
    expect(texts.filter(hasTwoForms)).toEqual([]);
  });
});

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function hasTwoForms(text: string): boolean {
  const once = canonicalLogin(text);
  return once !== undefined && canonicalLogin(once) !== once;
}

/** The file writes a control character as a reference to its picture, U+2400 and up. */
function unescapeXml(text: string): string {
  return text
    .replaceAll(/&#x([0-9A-Fa-f]+);/g, (_, digits: string) => {
      const code = Number.parseInt(digits, 16);
      return String.fromCodePoint(code >= 0x2400 && code < 0x2420 ? code - 0x2400 : code);
    })
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
