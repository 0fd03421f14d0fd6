import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import recorded from '../vectors/zkv1.json' with { type: 'json' };

const command = join(import.meta.dirname, 'vectors-cli.ts');
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'zkvault-vectors-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as pnpm does: in the package, with the caller's directory in INIT_CWD. */
function run(...files: readonly string[]): Promise<Outcome> {
  return new Promise((settle) => {
    const options = { cwd: join(import.meta.dirname, '..'), env: { ...process.env, INIT_CWD: directory } };
    execFile(process.execPath, [command, ...files], options, (error, stdout, stderr) => {
      settle({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

function save(name: string, content: string): string {
  writeFileSync(join(directory, name), content);
  return name;
}

describe('the vectors command', () => {
  it('passes a file of some sections, by a path relative to the caller', async () => {
    const { encoding, tomb } = recorded;
    const { code, stdout } = await run(save('good.json', JSON.stringify({ encoding, tomb })));

    expect({ code, stdout }).toEqual({ code: 0, stdout: '5 passed, 0 failed\n' });
  });

  it('passes the recorded file, by an absolute path', async () => {
    const { code, stdout } = await run('--', join(import.meta.dirname, '../vectors/zkv1.json'));

    expect({ code, stdout }).toEqual({ code: 0, stdout: '72 passed, 0 failed\n' });
  });

  it('fails a file with one wrong answer and names it', async () => {
    const { encoding } = recorded;
    const wrong = { encoding: [encoding[0], { ...encoding[1], enc: '00' }] };

    const { code, stdout, stderr } = await run(save('wrong.json', JSON.stringify(wrong)));

    expect({ code, stdout }).toEqual({ code: 1, stdout: '1 passed, 1 failed\n' });
    expect(stderr).toContain('encoding[1].enc');
  });

  it('names a section that it did not check', async () => {
    const { encoding } = recorded;

    const { code, stderr } = await run(save('more.json', JSON.stringify({ encoding, salamander: {} })));

    expect(code).toBe(0);
    expect(stderr).toContain('salamander');
  });

  it.for(['', '{}', '[]', 'null', '{"encoding": []}', '{"format": "other", "tests": [1]}', '{'])(
    'fails a file of %j',
    async (content) => {
      const { code, stdout } = await run(save('empty.json', content));

      expect(code).toBe(1);
      expect(stdout).not.toContain(' 0 failed');
    },
  );

  it('fails where there is no file, and explains itself where none is named', async () => {
    expect((await run('absent.json')).code).toBe(1);
    expect(await run()).toMatchObject({ code: 2, stderr: 'usage: vectors FILE\n' });
  });
});
