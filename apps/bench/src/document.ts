/** @file Puts the figures of a run into docs/performance.md; the words around them are people's. */
import { readFile, writeFile } from 'node:fs/promises';

const DOCUMENT = new URL('../../../docs/performance.md', import.meta.url);
const BEGIN = '<!-- figures: written by `pnpm bench --document` -->';
const END = '<!-- end of figures -->';

/** Replaces the figures. @throws {Error} the document has no place for them. */
export async function writeDocument(figures: string): Promise<void> {
  const text = await readFile(DOCUMENT, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error('docs/performance.md has no place for figures');
  await writeFile(DOCUMENT, `${text.slice(0, begin + BEGIN.length)}\n\n${figures}\n${text.slice(end)}`);
}
