/** @file Finds the regular expressions of source text. */
import ts from 'typescript';

/** One regular expression, and where it stands. */
export interface SourcePattern {
  readonly source: string;
  readonly flags: string;
  /** `file:line`, or what else tells where. */
  readonly at: string;
}

/** What a file has: its patterns, and the places where one is made of something that is not written there. */
export interface PatternsOfFile {
  readonly patterns: readonly SourcePattern[];
  readonly madeAtRunTime: readonly string[];
}

/** Reads a file of TypeScript or JavaScript: literals, and what is given to `RegExp`. */
export function patternsOf(path: string, text: string): PatternsOfFile {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false);
  const texts = constantTexts(file);
  const patterns: SourcePattern[] = [];
  const madeAtRunTime: string[] = [];
  const visit = (node: ts.Node): void => {
    const at = `${path}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}`;
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      patterns.push({ source: node.text.slice(1, end), flags: node.text.slice(end + 1), at });
    }
    if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && isRegExp(node.expression)) {
      const [pattern, flags] = node.arguments ?? [];
      const source = textOf(pattern, texts);
      if (source === undefined) madeAtRunTime.push(at);
      else patterns.push({ source, flags: textOf(flags, texts) ?? '', at });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { patterns, madeAtRunTime };
}

function isRegExp(expression: ts.Expression): boolean {
  return ts.isIdentifier(expression) && expression.text === 'RegExp';
}

/** The constants of a file that are written as text. */
function constantTexts(file: ts.SourceFile): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const statement of file.statements.filter(ts.isVariableStatement))
    for (const { name, initializer } of statement.declarationList.declarations) {
      const text = textOf(initializer, texts);
      if (ts.isIdentifier(name) && text !== undefined) texts.set(name.text, text);
    }
  return texts;
}

/** The text that an expression is, if it is written there: a literal, or a template of constants. */
function textOf(node: ts.Expression | undefined, texts: ReadonlyMap<string, string>): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isIdentifier(node)) return texts.get(node.text);
  if (!ts.isTemplateExpression(node)) return undefined;
  let text = node.head.text;
  for (const { expression, literal } of node.templateSpans) {
    const part = textOf(expression, texts);
    if (part === undefined) return undefined;
    text += part + literal.text;
  }
  return text;
}
