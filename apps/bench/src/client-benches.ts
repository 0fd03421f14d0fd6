/** @file What a client does, by the name of each benchmark. All of it needs the product's server alone. */

import { keysInBrowser, openInBrowser } from './client-benches-browser.ts';
import { importBench } from './client-benches-import.ts';
import { keysInNode } from './client-benches-keys.ts';
import { openInNode } from './client-benches-open.ts';
import { writeBench } from './client-benches-write.ts';
import type { Comparison } from './measure.ts';

/** The benchmarks of a client. @param url where the product listens. */
export function clientBenches(url: string): Readonly<Record<string, () => Promise<readonly Comparison[]>>> {
  return {
    open: () => openInNode(url),
    'open-browser': () => openInBrowser(url),
    'client-write': async () => [await writeBench(url)],
    keys: async () => [keysInNode()],
    'keys-browser': async () => [await keysInBrowser()],
    import: async () => [await importBench(url)],
  };
}
