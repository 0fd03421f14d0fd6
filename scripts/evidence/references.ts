/**
 * @file What a document names as proof. [Note: Evidence] A test is named as `path/to/file.test.ts` "title",
 * where the title is that of the test, of a group around it, or both with ` > ` between, and may end with `…`. A rule
 * of another check is named likewise, by the file that holds it and words of it. Anything else in backticks that looks
 * like a path is a file that has to be there.
 */

/** A test, or a group of tests, that a document names. */
export interface TestReference {
  readonly file: string;
  readonly title: string;
}

/** One row of a table of claims. */
export interface Claim {
  /** The document's number for it. */
  readonly id: string;
  readonly tests: readonly TestReference[];
  /** Rules of files that are no tests. */
  readonly rules: readonly TestReference[];
  /** Other files it names. */
  readonly files: readonly string[];
  /** True if it says that something else took the claim's place, or why it does not hold. */
  readonly isReasoned: boolean;
}

const ROW = /^\| *([A-Z]*\d+(?:\.\d+)*) *\|(.+)\|\s*$/;
const TITLED = /`([\w./-]+)` "([^"]+)"/g;
const PATH = /`((?:[\w.@-]+\/)+[\w.@-]*|LICENSE|[\w.-]+\.(?:md|ts|json|yml|yaml))`/g;
const REASON = /\b(?:Replaced|Dropped|Not built|Open): \S/;

/** The rows of a document's tables whose first cell is a number such as `12`, `C12` or `V1.2.3`; the proof is in the last. */
export function claimsOf(markdown: string): readonly Claim[] {
  return markdown.split('\n').flatMap((line) => {
    const [, id, rest] = ROW.exec(line) ?? [];
    if (id === undefined || rest === undefined) return [];
    const proof = rest.split(' | ').at(-1) ?? '';
    const titled = [...proof.matchAll(TITLED)].map(([, file = '', title = '']) => ({ file, title }));
    const named = new Set(titled.map(({ file }) => file));
    const files = [...proof.matchAll(PATH)].map(([, path = '']) => path).filter((path) => !named.has(path));
    return [
      {
        id,
        tests: titled.filter(isTest),
        rules: titled.filter((reference) => !isTest(reference)),
        files,
        isReasoned: REASON.test(proof),
      },
    ];
  });
}

function isTest({ file }: TestReference): boolean {
  return file.endsWith('.test.ts');
}
