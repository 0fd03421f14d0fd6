/** @file Checks that no file of the repository holds anything that looks like a credential (secretlint). */
import { globSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createEngine } from '@secretlint/node';

const root = fileURLToPath(new URL('../', import.meta.url));
const LEFT_OUT = /(?:^|\/)(?:node_modules|dist|coverage|\.git|\.turbo|\.wrangler)(?:\/|$)|^data(?:\/|$)/;

const engine = await createEngine({
  cwd: root,
  formatter: 'unix',
  color: false,
  configFileJSON: JSON.parse(readFileSync(`${root}.secretlintrc.json`, 'utf8')) as object as never,
});
const files = globSync(['**/*', '**/.*', '**/.*/**/*'], { cwd: root, exclude: (path) => LEFT_OUT.test(path) })
  .map((path) => root + path)
  .filter((path) => statSync(path).isFile());
const { ok, output } = await engine.executeOnFiles({ filePathList: files });
if (!ok) console.error(output);

// A check that cannot fail is none.
const planted = await engine.executeOnContent({
  // In two parts, or this file would be found as well.
  content: ['const token = "ghp', 'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"'].join('_'),
  filePath: 'planted.ts',
});
const isBlind = planted.ok || files.length < 500;
if (isBlind) console.error('the check itself misses what it looks for');
console.log(`${files.length} files, ${ok ? 'no' : 'some'} credentials`);
if (!ok || isBlind) process.exitCode = 1;
