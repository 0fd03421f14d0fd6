import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from './program.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'zkv-program-'));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

/** Runs the program in this process, without a server and, unless told otherwise, without a terminal. */
async function run(
  words: readonly string[],
  { stdin = '', isTerminal = false, env = {} }: { stdin?: string; isTerminal?: boolean; env?: object } = {},
) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await runProgram(
    words,
    {
      stdin: Readable.from([Buffer.from(stdin)]),
      stdout: Object.assign(stdout, { isTTY: isTerminal, columns: 80 }),
      stderr: Object.assign(stderr, { isTTY: isTerminal }),
      env: { ZKVAULT_HOME: join(home, 'state'), ...env },
      workingDirectory: home,
    },
    new AbortController().signal,
  );
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

const oneLine = expect.stringMatching(/^zkvault: [^\n]+\n$/) as string;
const server = ['--base-url', 'https://vault.example.org'];

describe('a wrong use', () => {
  it.for([
    ['an unknown flag', ['list', '--nope']],
    ['an unknown command', ['fly']],
    ['no command', []],
    ['a missing argument', ['get']],
    ['an argument too many', ['list', 'x']],
    ['an unknown kind', ['add', 'poem', '--title', 't']],
    ['an entry without a title', ['add', 'login', '--secret-stdin']],
    ['a secret in a flag', ['add', 'card', '--title', 't', '--set', 'number=4000']],
    ['a time nobody understands', ['unlock', '--timeout', '3 days']],
    ['a time that is too long', ['unlock', '--timeout', '25h']],
    ['a length that is too short', ['add', 'login', '--title', 't', '--generate', '--length', '7']],
    ['an import without a format', ['import', 'x.json']],
    ['no server', ['login', 'ada', '--password-stdin']],
    ['a server that is none', ['login', 'ada', '--password-stdin', '--base-url', 'ftp://x']],
    ['a server without TLS', ['login', 'ada', '--password-stdin', '--base-url', 'http://vault.example.org']],
    ['no login', [...server, 'login', '--password-stdin']],
    ['no password', [...server, 'login', 'ada']],
    ['an empty password', [...server, 'register', 'ada', '--password-stdin']],
    ['unlock without a password', ['unlock']],
    ['a rotation that nobody can be asked about', ['rotate-vault-key']],
    ['a version that is no number', ['restore', 'x', 'latest']],
    ['run without a program', ['run']],
    ['run with a file that is not there', ['run', '--env-file', 'nowhere', '--', 'true']],
    ['an API key of another scope', ['api-key', 'create', 'CI', '--scope', 'admin']],
    ['an API key for an unknown time', ['api-key', 'create', 'CI', '--expires-in', '3 months']],
    ['an API key with no requests', ['api-key', 'create', 'CI', '--rate-limit', '0']],
    ['2fa without saying what', ['2fa']],
    ['2fa with something else', ['2fa', 'fly']],
    ['a recovery of nobody', ['recover']],
    ['recovery without saying what', ['recovery']],
    ['a KDF profile that is none', ['account', 'raise-kdf', '--profile', '4']],
    ['a recovery without a recovery key', [...server, 'recover', 'ada', '--password-stdin']],
  ] as const)('is exit 2 with one line, for %s', async ([, words]) => {
    expect(await run(words)).toEqual({ code: 2, stdout: '', stderr: oneLine });
  });

  it('never repeats what may be a secret typed in the wrong place', async () => {
    const tooMany = await run(['login', 'ada', 'canary-password', ...server]);
    const unknown = await run(['login', 'ada', "--password=canary'password", ...server]);

    expect(tooMany.stderr).toBe('zkvault: too many arguments; see zkvault --help\n');
    expect(unknown.stderr).toMatch(/^zkvault: unknown option '--password'/);
    expect(unknown.stderr).not.toContain('canary');
  });

  it('is JSON with --json, wherever that stands', async () => {
    const { code, stdout, stderr } = await run(['--json', 'fly']);

    expect([code, stdout]).toEqual([2, '']);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'usage', exitCode: 2, message: expect.any(String) },
    });
  });
});

describe('a state directory that is empty', () => {
  it.for([
    ['list'],
    ['get', 'x'],
    ['sync'],
    ['history', 'x'],
    ['restore', 'x', '1'],
    ['rotate-vault-key', '--yes'],
    ['unlock', '--password-stdin'],
    ['2fa', 'disable', '--password-stdin'],
    ['recovery', 'enrol', '--password-stdin'],
    ['account', 'change-password', '--password-stdin'],
    ['api-key', 'list'],
    ['api-key', 'create', 'CI', '--password-stdin'],
    ['add', 'note', '--title', 't', '--secret-stdin'],
  ] as const)('is exit 3 for %s', async (words) => {
    expect(await run(words)).toEqual({ code: 3, stdout: '', stderr: oneLine });
    expect(await run([...words, ...server])).toEqual({ code: 3, stdout: '', stderr: oneLine });
  });

  it('is a status as good as any', async () => {
    const { code, stdout } = await run(['status', '--json']);

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ state: 'logged-out', login: null, vaults: [] });
  });
});

describe('help', () => {
  it('names every command and exit code', async () => {
    const { code, stdout, stderr } = await run(['--help']);

    expect([code, stderr]).toEqual([0, '']);
    for (const name of 'register login recover unlock lock status list get add history restore import sync rotate-vault-key account recovery 2fa api-key run logout'.split(
      ' ',
    ))
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    expect(stdout).toContain('8 integrity');
  });

  it('has no flag that takes a secret, in any command', async () => {
    for (const name of [
      'register',
      'login',
      'recover',
      'unlock',
      'list',
      'get',
      'add',
      'history',
      'import',
      'sync',
      'logout',
    ]) {
      const { stdout } = await run([name, '--help']);
      const flags = [...stdout.matchAll(/^ {2}(--[a-z-]+)( <[^>]+>)?/gm)];

      expect(flags.length).toBeGreaterThan(3);
      for (const [, flag, value] of flags)
        if (value !== undefined) expect(flag).not.toMatch(/password|secret-key|totp|pin$/);
    }
  });

  it('tells the version', async () => {
    expect(await run(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});

describe('colour', () => {
  it.for([
    ['on a terminal', {}, [], true],
    ['not with NO_COLOR', { NO_COLOR: '1' }, [], false],
    ['not with --no-color', {}, ['--no-color'], false],
  ] as const)('is used for errors %s', async ([, env, flags, isColorful]) => {
    const { stderr } = await run(['list', ...flags], { isTerminal: true, env });

    expect(stderr.includes('\u001b[')).toBe(isColorful);
  });
});
