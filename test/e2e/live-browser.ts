import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { freePort, pathOf, startProcess, waitFor, type RunningProcess } from './servers.js';
import { root } from './packed.js';

export interface OpenedPage {
  readonly page: Page;
  /** What the browser complained about. */
  readonly complaints: string[];
  /** Addresses that were asked for. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** Chromium as it is installed on the machine. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: pathOf('chromium'),
    chromiumSandbox: false,
    args: ['--disable-gpu', '--disable-dev-shm-usage'],
  });
}

/** Opens the live page in a window of its own and waits until it shows something. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const context = await browser.newContext(options);
  await context.addInitScript({ path: join(root, 'test', 'e2e', 'page-checks.js') });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(url);
  await page.locator('section').first().waitFor();
  return { page, complaints, requests, close: () => context.close() };
}

/** Asks one of the functions of page-checks.js. */
export function check<Result>(page: Page, name: 'focused' | 'tooWide' | 'contrasts'): Promise<Result> {
  return page.evaluate<Result>(`pageChecks.${name}()`);
}

/** The shop under load, with its metrics at a port. */
export async function startShop(port?: number): Promise<RunningProcess & { readonly url: string }> {
  const metricsPort = port ?? (await freePort());
  const url = `http://127.0.0.1:${metricsPort}/`;
  const args = ['--import', 'tsx', 'examples/storefront/main.ts', '--port', '0'];
  const shop = await startProcess(process.execPath, [...args, '--metrics-port', String(metricsPort)], {
    cwd: root,
    ready: (_, signal) =>
      waitFor(async () => (await fetch(`${url}live?once`)).ok, {
        what: 'the live page of the shop',
        timeout: 20,
        signal,
      }),
  });
  return { ...shop, url };
}
