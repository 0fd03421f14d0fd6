/**
 * @file Checks who imports whom: first that every rule can fail, then that none does, and that every
 * source file was looked at. Without the alias of TypeScript 6 dependency-cruiser reads no TypeScript
 * file, finds nothing and passes: hence the count.
 */
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruiseTree } from './layers/cruise.ts';
import { type LayerRule, layerRules } from './layers/rules.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const sources = [
  'packages/*/src/**/*.ts',
  'apps/*/src/**/*.ts',
  'apps/*/test/**/*.ts',
  'packages/*/test/**/*.ts',
];
/** Fewer files than this would mean that the patterns above are wrong. */
const LEAST_FILES = 80;

const blind = await findBlindRules(layerRules);
for (const { rule } of blind)
  console.error(`the rule "${rule.name}" does not find the import that it is to refuse`);

const expected = globSync(sources, { cwd: root }).filter((path) => !path.includes('node_modules'));
const report = await cruiseTree(root, ['packages', 'apps'], layerRules);
const seen = new Set(report.files);
const unseen = expected.filter((path) => !seen.has(path));
for (const path of unseen) console.error(`${path} was not looked at`);
for (const { from, to, rule } of report.violations) console.error(`${from} imports ${to}: ${rule.name}`);

const cruised = expected.length - unseen.length;
const passed =
  blind.length === 0 && report.violations.length === 0 && unseen.length === 0 && cruised >= LEAST_FILES;
console.log(`${cruised} files, ${layerRules.length} rules, ${report.violations.length} violations`);
if (!passed) process.exitCode = 1;

/** Plants the import that each rule is to refuse in a tree of its own, and gives the rules that miss it. */
async function findBlindRules(rules: readonly LayerRule[]): Promise<readonly LayerRule[]> {
  const missed: LayerRule[] = [];
  for (const rule of rules) {
    const tree = mkdtempSync(join(tmpdir(), 'layers-'));
    try {
      plant(tree, rule.planted);
      const { violations } = await cruiseTree(tree, ['packages', 'apps'], [rule]);
      if (!violations.some((violation) => violation.rule.name === rule.rule.name)) missed.push(rule);
    } finally {
      rmSync(tree, { recursive: true });
    }
  }
  return missed;
}

function plant(tree: string, planted: LayerRule['planted']): void {
  const { file, imports } = planted;
  for (const folder of ['packages', 'apps']) mkdirSync(join(tree, folder), { recursive: true });
  write(tree, 'package.json', '{"type":"module"}');
  write(tree, file, `import '${imports}';\n`);
  if (imports.startsWith('.') && !imports.includes('nowhere')) {
    const target = join(dirname(file), imports);
    // A file and its target import one another only where the rule is about cycles.
    write(tree, target, imports.includes('-too') ? `import './a.ts';\n` : 'export {};\n');
  } else if (!imports.startsWith('.') && !imports.startsWith('node:')) {
    write(tree, `node_modules/${imports}/package.json`, '{"main":"index.js"}');
    write(tree, `node_modules/${imports}/index.js`, '');
  }
}

function write(tree: string, path: string, text: string): void {
  const target = join(tree, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}
