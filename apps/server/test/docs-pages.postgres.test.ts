/**
 * The pages of the documentation in a browser, each under its own policy: they show the API, nothing in them
 * is refused by the policy, and nothing is asked of another server.
 */
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumFlags, chromiumPath, prepareChromium } from '../../../test/chromium.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let browser: Browser;
let origin: string;

beforeAll(async () => {
  await prepareChromium();
  server = await startTestServer();
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  origin = `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}`;
  browser = await chromium.launch({ executablePath: chromiumPath(), args: [...chromiumFlags] });
}, 120_000);
afterAll(async () => {
  await browser.close();
  await server.close();
});

interface Visit {
  readonly page: Page;
  /** What the policy has refused, and every error of a script. */
  readonly complaints: readonly string[];
  /** What was asked of anybody else. */
  readonly foreign: readonly string[];
}

async function visit(path: string): Promise<Visit> {
  const page = await browser.newPage({ viewport: { width: 1_280, height: 900 } });
  const complaints: string[] = [];
  const foreign: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith('data:'))
      foreign.push(request.url());
  });
  await page.goto(`${origin}${path}`);
  return { page, complaints, foreign };
}

describe('in a browser', () => {
  it.for([
    ['/docs/', 'text=Log in'],
    ['/redoc', 'h2:has-text("Log in")'],
  ] as const)(
    '%s shows the API, breaks no rule of its policy and asks nobody else',
    { timeout: 120_000 },
    async ([path, selector]) => {
      const { page, complaints, foreign } = await visit(path);

      await page.locator(selector).first().waitFor({ timeout: 90_000 });
      const shots = process.env['ZKVAULT_SCREENSHOTS'];
      if (shots !== undefined) await page.screenshot({ path: `${shots}${path.replaceAll('/', '-')}.png` });
      const rules = await page.evaluate(
        '[...document.styleSheets].reduce((count, sheet) => count + sheet.cssRules.length, 0)',
      );
      await page.close();

      expect(complaints).toEqual([]);
      expect(foreign).toEqual([]);
      expect(rules).toBeGreaterThan(50);
    },
  );

  it('a script in the page that is not of this server is refused', async () => {
    const { page, complaints } = await visit('/redoc');

    const injected = await page.evaluate(`(() => {
      const script = document.createElement('script');
      script.textContent = 'globalThis.injected = true';
      document.body.append(script);
      return 'injected' in globalThis;
    })()`);
    await page.close();

    expect(injected).toBe(false);
    expect(complaints.join()).toContain('Content Security Policy');
  });
});
