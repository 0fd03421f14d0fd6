/**
 * @file Finds a Chromium for tests: `$CHROMIUM_PATH`, the system's, Playwright's own, or the one that
 * `@sparticuz/chromium` brings from npm, which is unpacked once into `node_modules/.cache`.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright';

/** How every test starts Chromium: as root too, without a display, and without a request of its own. */
export const chromiumFlags: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const CACHE = resolve(import.meta.dirname, '../node_modules/.cache/zkvault');
const LAUNCHER = 'launch-chromium';

/**
 * Finds the program to start. It may not be there yet: call {@link prepareChromium} first.
 *
 * @returns an absolute path.
 */
export function chromiumPath(): string {
  const installed = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium', chromium.executablePath()];
  return (
    installed.find((path) => path !== undefined && path !== '' && existsSync(path)) ??
    join(unpackedDirectory(), LAUNCHER)
  );
}

/** Unpacks the Chromium of npm where there is no other. Several processes may do so at once. */
export async function prepareChromium(): Promise<void> {
  const path = chromiumPath();
  if (existsSync(path)) return;
  await mkdir(CACHE, { recursive: true });
  const staging = await mkdtemp(join(CACHE, 'unpacking-'));
  try {
    await unpackInto(staging, dirname(path));
    await rename(staging, dirname(path));
  } catch (error) {
    // The rename fails if another process was faster, which is as good.
    if (!existsSync(path)) throw error;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Vitest's name for a global setup. */
export const setup = prepareChromium;

function unpackedDirectory(): string {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  const manifest = JSON.parse(readFileSync(join(dirname(entry), '../package.json'), 'utf8')) as {
    version: string;
  };
  return join(CACHE, `chromium-${manifest.version}`);
}

/** The package unpacks into the folder for temporary files, and its libraries only where it takes itself for Lambda. */
async function unpackInto(directory: string, home: string): Promise<void> {
  const script = `const { default: chromium } = await import('@sparticuz/chromium'); await chromium.executablePath();`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
    env: { ...process.env, TMPDIR: directory, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' },
  });
  const fonts = join(directory, 'fonts/fonts.conf');
  await writeFile(fonts, (await readFile(fonts, 'utf8')).replaceAll('/tmp/', `${home}/`));
  await writeFile(join(directory, LAUNCHER), launcherScript, { mode: 0o755 });
}

/** Chromium's own libraries and fonts are used only on a machine that lacks them. */
const launcherScript = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_PATH="$here/fonts"
if ldd "$here/chromium" 2>/dev/null | grep -q 'not found'; then
  export LD_LIBRARY_PATH="$here/al2023/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi
exec "$here/chromium" "$@"
`;
