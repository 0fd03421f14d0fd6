/** @file Which routes the SDK calls, read from its source. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as contract from '../../../packages/contract/src/index.ts';

const SOURCE = fileURLToPath(new URL('../../../packages/sdk/src/', import.meta.url));

/** The operations of every route that a file of the SDK imports, sorted; tests and tools for attacks left out. */
export async function calledOperations(): Promise<readonly string[]> {
  const files = (await readdir(SOURCE, { recursive: true })).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('testing/'),
  );
  const texts = await Promise.all(files.map((name) => readFile(`${SOURCE}${name}`, 'utf8')));
  const names = texts.flatMap((text) => [
    ...[...text.matchAll(/import \{([^}]*)\} from '@zkvault\/contract'/g)].flatMap(([, list]) =>
      list!.split(',').map((each) => each.trim().split(' as ')[0]!),
    ),
    // As a whole it could not be told what is called.
    ...(/import \* as \w+ from '@zkvault\/contract'|import\('@zkvault\/contract'\)/.test(text) ? ['*'] : []),
  ]);
  if (names.includes('*')) throw new Error('a file of the SDK imports the whole contract');
  const operations = names.flatMap((name) => {
    const value: unknown = Reflect.get(contract, name);
    const isRoute = typeof value === 'object' && value !== null && 'operationId' in value;
    return isRoute ? [String(value.operationId)] : [];
  });
  return [...new Set(operations)].toSorted();
}
