import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as sdk from '../src/index.ts';
import { makeFakeServer } from './fake-server.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('the README', () => {
  it('has an example that runs as it stands', async () => {
    const example = /```js\n(.*?)```/s.exec(readme)![1]!;
    const body = example.replace(/import (\{.*?\}) from '@zkvault\/sdk';/, 'const $1 = sdk;');
    const printed: unknown[][] = [];
    vi.stubGlobal('fetch', makeFakeServer().fetch);
    vi.spyOn(console, 'log').mockImplementation((...words: unknown[]) => void printed.push(words));

    const AsyncFunction = (async () => undefined).constructor as FunctionConstructor;
    await (AsyncFunction('sdk', body) as (door: typeof sdk) => Promise<void>)(sdk);

    expect(printed).toEqual([['login', 'Library'], ['pinned']]);
    expect(example.trim().split('\n').length).toBeLessThanOrEqual(22);
  });

  it('names every error there is', () => {
    const classes = Object.entries(sdk)
      .filter(
        ([, value]) =>
          typeof value === 'function' && (value as { prototype?: unknown }).prototype instanceof Error,
      )
      .map(([name]) => name)
      .filter((name) => name !== 'ZkvaultError' && name !== 'ImportError');

    expect(classes.length).toBeGreaterThan(13);
    for (const name of classes) expect(readme).toContain(`| \`${name}\` |`);
  });
});
