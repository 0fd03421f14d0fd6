/** The alert rules, checked and tried out by Prometheus's own tool, and the names in them by the server's. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../../../../test/debian-program.ts';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../../../deploy/', import.meta.url));
const read = (path: string) => readFileSync(folder + path, 'utf8');
const promtool = await findProgram({
  names: ['promtool'],
  probe: ['--version'],
  packages: ['prometheus'],
  path: 'usr/bin/promtool',
});

describe.skipIf(promtool === undefined)('the alert rules (need promtool, or Debian’s archive)', () => {
  const check = (...words: readonly string[]) =>
    run(promtool!.path, [...words], { cwd: `${folder}prometheus`, env: promtool!.env });

  it('are rules that Prometheus takes', async () => {
    const { stdout } = await check('check', 'rules', 'alerts.yml');

    expect(stdout).toMatch(/SUCCESS: \d+ rules found/);
  });

  it('fire when they should, and not before', async () => {
    const { stdout } = await check('test', 'rules', 'alerts.test.yml');

    expect(stdout).toContain('SUCCESS');
  });

  it('are all tried out', () => {
    const names = [...read('prometheus/alerts.yml').matchAll(/alert: (\w+)/g)].map(([, name]) => name);
    const tried = read('prometheus/alerts.test.yml');

    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !tried.includes(`alertname: ${name}`))).toEqual([]);
  });
});

describe('the names of metrics', () => {
  it('in alerts and dashboard are names that the server has', () => {
    const source = readFileSync(
      fileURLToPath(new URL('../../../server/src/lib/metrics.ts', import.meta.url)),
      'utf8',
    );
    const used = `${read('prometheus/alerts.yml')}${read('grafana/zkvault-dashboard.json')}`;
    const names = new Set(
      [...used.matchAll(/zkvault_[a-z_]+/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, '')),
    );

    expect(names.size).toBeGreaterThan(8);
    expect([...names].filter((name) => !source.includes(`'${name}'`))).toEqual([]);
  });
});
