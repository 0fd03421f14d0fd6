/**
 * @file A data directory with a migrated embedded database, made once and copied: making it is most of the
 * time that a server takes to start for the first time.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, existsSync, globSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { COMPILED_CODE } from './compiled-code.ts';

const ROOT = resolve(import.meta.dirname, '..');
const CACHE = join(ROOT, 'node_modules/.cache/zkvault');
const MIGRATE = join(ROOT, 'apps/server/src/cli.ts');

/** Fills a data directory that is to be, or is empty, with what a server makes at its first start. */
export async function fillDataDirectory(directory: string): Promise<void> {
  const template = templatePath();
  if (!existsSync(template)) await makeTemplate(template);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await cp(template, directory, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

/** Makes the copy's original before any test needs it: the global setup of suites that start servers. */
export async function setup(): Promise<void> {
  const template = templatePath();
  if (!existsSync(template)) await makeTemplate(template);
}

/** Another one for other migrations, or another embedded database. */
function templatePath(): string {
  const hash = createHash('sha256');
  const files = globSync('apps/server/src/db/migrations/*.ts', { cwd: ROOT }).toSorted();
  for (const file of [...files, 'pnpm-workspace.yaml']) hash.update(readFileSync(join(ROOT, file)));
  return join(CACHE, `data-${hash.digest('hex').slice(0, 16)}`);
}

async function makeTemplate(template: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const staging = await mkdtemp(join(CACHE, 'making-'));
  try {
    await promisify(execFile)(process.execPath, ['--conditions=@zkvault/source', MIGRATE, 'migrate'], {
      env: {
        PATH: process.env['PATH'],
        ZKVAULT_DATA_DIR: join(staging, 'data'),
        NODE_COMPILE_CACHE: COMPILED_CODE,
      },
    });
    await rename(join(staging, 'data'), template);
  } catch (error) {
    // Another process was faster, which is as good.
    if (!existsSync(template)) throw error;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
