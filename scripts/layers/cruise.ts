/** @file Runs dependency-cruiser over a tree and gives what it found. */
import { cruise, type IModule, type IViolation } from 'dependency-cruiser';
import type { LayerRule } from './rules.ts';

/** What was looked at, as paths from the root of the tree, and what was wrong there. */
export interface CruiseReport {
  readonly files: readonly string[];
  readonly violations: readonly IViolation[];
}

/**
 * Follows every import of the given folders of a tree.
 *
 * @param root absolute path of the tree.
 * @param folders paths from the root.
 */
export async function cruiseTree(
  root: string,
  folders: readonly string[],
  rules: readonly LayerRule[],
): Promise<CruiseReport> {
  const { output } = await cruise(
    [...folders],
    {
      baseDir: root,
      validate: true,
      ruleSet: { forbidden: rules.map(({ rule }) => rule) },
      doNotFollow: { path: 'node_modules' },
      exclude: { path: '/dist/' },
      // An import of a type binds as much as any other.
      tsPreCompilationDeps: true,
    },
    { conditionNames: ['@zkvault/source', 'types', 'node', 'import', 'default'], exportsFields: ['exports'] },
  );
  if (typeof output === 'string') throw new TypeError('dependency-cruiser gave a text, not a report');
  return {
    files: output.modules.map(({ source }: IModule) => source),
    violations: output.summary.violations,
  };
}
