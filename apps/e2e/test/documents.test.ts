import { randomBytes } from 'node:crypto';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { examineConfig } from '../../server/src/commands/doctor.ts';
import { listProviderVariables, listVariables, loadConfig } from '../../server/src/config.ts';

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

  it('give the containers settings that the server has', () => {
    const compose = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
    const dockerfile = readFileSync(join(root, 'apps/server/Dockerfile'), 'utf8');
    const names = new Set(listVariables().map(({ name }) => name));
    const given = [
      ...[...compose.matchAll(/^ {6}((?!POSTGRES|GF_)[A-Z_]+?)(?:_FILE)?: /gm)].map(([, name = '']) => name),
      ...[...(/^ENV (ENVIRONMENT.*)$/m.exec(dockerfile)?.[1] ?? '').matchAll(/([A-Z_]+)=/g)].map(
        ([, name = '']) => name,
      ),
    ];

    expect(given.length).toBeGreaterThanOrEqual(8);
    expect(given.filter((name) => !names.has(name))).toEqual([]);
  });
});

describe('the examples of a configuration', () => {
  const all = readFileSync(join(root, '.env.example'), 'utf8');
  const production = readFileSync(join(root, '.env.production.example'), 'utf8');
  // What backup and restore read, and the server does not.
  const foreign = new Set(['BACKUP_KEY']);

  it('name every setting of the server, and no other', () => {
    const shown = [...all.matchAll(/^(?:# )?([A-Z0-9_]+)=/gm)].map(([, name]) => name);

    const names = shown.map(String).filter((name) => !foreign.has(name));

    expect(names.toSorted()).toEqual(
      [...listVariables(), ...listProviderVariables()].map(({ name }) => name).toSorted(),
    );
  });

  it('tell of every other name of a setting', () => {
    const aliases = listVariables().flatMap(({ alias }) => alias ?? []);

    expect(aliases.filter((alias) => !all.includes(alias))).toEqual([]);
  });

  it('are accepted as they stand, and what is commented out is the default or an example of it', () => {
    const asShown = parseEnv(all.replaceAll(/^# ([A-Z0-9_]+=)/gm, '$1'));
    const optional = ['TRUST_PROXY', 'ALLOWED_HOSTS', 'CORS_ORIGINS', 'ADMIN_LOGIN', 'APP_VERSION'];
    const examples = [...optional, 'REDIS_URL', 'METRICS_PORT'];
    const defaults = Object.fromEntries(Object.entries(asShown).filter(([name]) => !examples.includes(name)));

    expect(loadConfig(parseEnv(all))).toEqual(loadConfig({}));
    expect(loadConfig(defaults)).toEqual(loadConfig({}));
    expect(() => loadConfig(asShown)).not.toThrow();
  });

  it('are a configuration for production once the secrets are there', () => {
    const directory = mkdtempSync(join(tmpdir(), 'zkvault-documents-'));
    const fileOf = (name: string, text: string): string => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    };
    const secret = (): string => randomBytes(48).toString('base64url');
    const values = parseEnv(production);

    const config = loadConfig({
      ...values,
      DATABASE_URL_FILE: fileOf('url', 'postgresql://zkvault@db.example.com/zkvault?sslmode=verify-full'),
      JWT_SECRET_FILE: fileOf('jwt', secret()),
      SERVER_KEYS_FILE: fileOf('keys', `k1:${randomBytes(32).toString('base64url')}`),
      METRICS_TOKEN_FILE: fileOf('metrics', secret()),
    });
    rmSync(directory, { recursive: true });

    const names = new Set(listVariables().flatMap(({ name }) => [name, `${name}_FILE`]));
    expect(Object.keys(values).filter((name) => !names.has(name))).toEqual([]);
    expect(config).toMatchObject({ environment: 'production', registration: 'invitation', apiDocs: 'off' });
    expect(examineConfig(config).filter(({ status }) => status !== 'ok')).toEqual([]);
  });
});
