/** @file The client in Chromium, against WebCrypto and hash-wasm in the very same page. */
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright';
import { rolldown } from 'rolldown';
import { chromiumFlags, chromiumPath, prepareChromium } from '../../../test/chromium.ts';
import { PASSWORD, recordVault } from './client-vault.ts';
import type { Comparison } from './measure.ts';

const ENTRIES = 10_000;
/** A secure context, which WebCrypto asks for; nothing listens there, the page is given by the test itself. */
const ORIGIN = 'http://localhost:9';

let browser: Browser | undefined;

/** Opens a recorded vault, as `open` does in Node; against AES with the import of its keys, and without. */
export async function openInBrowser(url: string): Promise<readonly Comparison[]> {
  const { account, answers, ciphertextBytes } = await recordVault(url, ENTRIES);
  const page = await openPage();
  await page.evaluate((vault) => globalThis.bench.load(vault), {
    baseUrl: url,
    credentials: { ...account, password: PASSWORD },
    answers: [...answers],
    ciphertextBytes,
  });
  const comparison = (ceiling: string, reference: Comparison['reference']): Comparison => ({
    name: `open, ${ENTRIES} entries, Chromium`,
    unit: 'entries/s',
    target: { atLeast: 0.3 },
    ceiling,
    subject: () => page.evaluate(() => globalThis.bench.open()),
    reference,
  });
  return [
    comparison('bare AES-256-GCM by WebCrypto over the same bytes in the page', () =>
      page.evaluate(() => globalThis.bench.openBare()),
    ),
    comparison('the same, its keys imported before', () =>
      page.evaluate(() => globalThis.bench.openBarest()),
    ),
  ];
}

/** Derives the keys of a password, as `keys` does in Node. */
export async function keysInBrowser(): Promise<Comparison> {
  const page = await openPage();
  return {
    name: 'keys of a password, Chromium',
    unit: 'derivations/s',
    target: { atLeast: 0.95 },
    ceiling: 'bare hash-wasm in the page, Argon2id, 64 MiB, t = 3, p = 1',
    subject: () => page.evaluate((password) => globalThis.bench.deriveKeys(password), PASSWORD),
    reference: () => page.evaluate((password) => globalThis.bench.argon2(password), PASSWORD),
  };
}

/** Ends Chromium, if it was started. */
export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = undefined;
}

async function openPage(): Promise<Page> {
  await prepareChromium();
  browser ??= await chromium.launch({ executablePath: chromiumPath(), args: [...chromiumFlags] });
  const page = await browser.newPage();
  await page.route(`${ORIGIN}/**`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }),
  );
  await page.goto(ORIGIN);
  await page.addScriptTag({ content: await bundle() });
  return page;
}

async function bundle(): Promise<string> {
  const built = await rolldown({
    input: fileURLToPath(new URL('./processes/page.ts', import.meta.url)),
    platform: 'browser',
    resolve: { conditionNames: ['browser', 'import'] },
  });
  const { output } = await built.generate({ format: 'iife' });
  return output[0].code;
}
