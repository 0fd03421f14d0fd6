import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const pages = globSync(['*.md', 'docs/**/*.md', 'packages/*/*.md', 'apps/*/*.md'], { cwd: root });

describe('the documents', () => {
  it.for(pages)('link only to what is there: %s', (page) => {
    const text = readFileSync(join(root, page), 'utf8').replaceAll(/^```[\s\S]*?^```|`[^`\n]*`/gm, '');
    const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target = '']) => target);

    const missing = targets.filter((target) => !existsSync(join(root, dirname(page), target)));

    expect(missing).toEqual([]);
  });

  it('name the whole of the decision records in order', () => {
    const records = globSync('docs/adr/*.md', { cwd: root }).toSorted();

    expect(records.map((path) => Number(path.slice('docs/adr/'.length, 'docs/adr/0000'.length)))).toEqual(
      records.map((_, index) => index + 1),
    );
    for (const path of records)
      expect(readFileSync(join(root, path), 'utf8')).toMatch(
        /^# \d{4} .+\n\nStatus: \w+[\s\S]*## Context[\s\S]*## Options[\s\S]*## Decision[\s\S]*## Consequences/,
      );
  });

  it('name every setting of the server in .env.example, and no other', () => {
    const config = ['config.ts', 'lib/rate-limit/rate-limits.ts']
      .map((file) => readFileSync(join(root, 'apps/server/src', file), 'utf8'))
      .join('\n');
    const settings = [
      ...config.matchAll(/name: '([A-Z_]+)',\s+(?:alias: .*\s+)?wish:|\bread\('([A-Z_]+)',/g),
    ].map(([, named, read]) => named ?? read);
    const example = readFileSync(join(root, '.env.example'), 'utf8');
    const shown = [...example.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name);

    expect(settings.length).toBeGreaterThan(15);
    expect(new Set(shown.filter((name) => name !== 'POSTGRES_PASSWORD'))).toEqual(new Set(settings));
  });

  it('give the containers settings that the server has', () => {
    const compose = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
    const dockerfile = readFileSync(join(root, 'apps/server/Dockerfile'), 'utf8');
    const config = readFileSync(join(root, 'apps/server/src/config.ts'), 'utf8');
    const given = [
      ...[...compose.matchAll(/^ {6}((?!POSTGRES)[A-Z_]+?)(?:_FILE)?: /gm)].map(([, name]) => name),
      ...[...(/^ENV (ENVIRONMENT.*)$/m.exec(dockerfile)?.[1] ?? '').matchAll(/([A-Z_]+)=/g)].map(
        ([, name]) => name,
      ),
    ];

    expect(given.length).toBeGreaterThanOrEqual(8);
    expect(given.filter((name) => !config.includes(`'${name}'`))).toEqual([]);
  });
});
