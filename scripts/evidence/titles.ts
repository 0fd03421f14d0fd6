/**
 * @file Whether a test that a document names stands in the source: its title, or that of a group, among the texts of
 * the file or of what the file imports from beside it. What a run found is in test-results.ts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import type { TestReference } from './references.ts';

/** True if every part of a title, between ` > `, is a text of the file. @param root with a slash at its end. */
export function isWritten(root: string, { file, title }: TestReference): boolean {
  const texts = textsOf(root, file);
  return title.split(' > ').every((part) => texts.some((text) => fits(text, part)));
}

const known = new Map<string, readonly string[]>();

/** The texts of a file and of the tests' own files that it imports. */
function textsOf(root: string, path: string, depth = 0): readonly string[] {
  const key = `${path} ${depth}`;
  const found = known.get(key) ?? readTexts(root, path, depth);
  known.set(key, found);
  return found;
}

function readTexts(root: string, path: string, depth: number): readonly string[] {
  const source = ts.createSourceFile(path, readFileSync(root + path, 'utf8'), ts.ScriptTarget.Latest, false);
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) texts.push(node.text);
    // What is filled in may be anything.
    if (ts.isTemplateExpression(node))
      texts.push([node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('%s'));
    ts.forEachChild(node, visit);
  };
  visit(source);
  const imported = texts
    .filter((text) => text.startsWith('.') && text.endsWith('.ts'))
    .map((text) => join(dirname(path), text))
    .filter((other) => /\/test\//.test(other) && existsSync(root + other));
  return [...texts, ...(depth < 2 ? imported.flatMap((other) => textsOf(root, other, depth + 1)) : [])];
}

/** What vitest fills into a title that stands for many. */
const FILLED_IN = /%[sdifjo#$]|\$\w+(?:\.\w+)*/g;

/** True if a text, as it may be filled in, is a title, or begins with one that ends with `…`. */
function fits(text: string, title: string): boolean {
  const wanted = title.endsWith('…') ? title.slice(0, -1) : title;
  if (text === title || (wanted !== title && text.startsWith(wanted))) return true;
  const [first = '', ...others] = text.split(FILLED_IN);
  // A title that is filled in from end to end could be any.
  if (others.length === 0 || first.length + others.join('').length < 4) return false;
  if (!(wanted.startsWith(first) || (wanted !== title && first.startsWith(wanted)))) return false;
  let at = first.length;
  for (const part of others) {
    const next = wanted.indexOf(part, at);
    // The end of a title that is cut off need not be there.
    if (next < 0) return wanted !== title;
    at = next + part.length;
  }
  return wanted !== title || others.at(-1) === '' || wanted.endsWith(others.at(-1) ?? '');
}
