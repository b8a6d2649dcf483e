import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { readTop } from '../src/cli/top/read-top.ts';
import { scrape } from '../src/cli/top/scrape.ts';
import { coloured } from '../src/cli/top/text-table.ts';
import { topLines } from '../src/cli/top/top-text.ts';
import { ensureBuilt } from './build.mjs';
import { exitWith, ROOT } from './run.mjs';
import { pathOf } from './servers.mjs';

const PICTURES = join(ROOT, 'docs', 'pictures');
/** What the shop needs until there is something to see: curves, decisions and what came of them. */
const LOAD_SECONDS = Number(process.argv[2] ?? 100);
const COLUMNS = 112;

/** How the page is looked at, and the part that is at the top. */
const VIEWS = {
  'live-light': { viewport: { width: 1240, height: 1490 }, colorScheme: 'light' },
  'live-dark': { viewport: { width: 1240, height: 1490 }, colorScheme: 'dark', from: '#caches' },
  'live-narrow': { viewport: { width: 360, height: 1100 }, colorScheme: 'light', deviceScaleFactor: 2 },
};

const STYLES = {
  1: 'font-weight: bold',
  2: 'color: #9aa4af',
  31: 'color: #ff8f85',
  32: 'color: #6fcf8f',
  33: 'color: #efb45c',
};

// The live page and `top`, of the shop under load: `npm run live-pictures`, or with a number of seconds.
await exitWith(async () => {
  await ensureBuilt(ROOT);
  const shop = await openShop();
  const browser = await chromium.launch({
    executablePath: pathOf('chromium'),
    chromiumSandbox: false,
    args: ['--disable-lcd-text'],
  });
  try {
    console.log(`the shop is under load for ${LOAD_SECONDS} s`);
    await delay(LOAD_SECONDS * 1000);
    for (const [name, view] of Object.entries(VIEWS)) await takePage(browser, shop.url, name, view);
    await takeTop(browser, new URL('/metrics', shop.url));
  } finally {
    await browser.close();
    shop.child.kill('SIGINT');
    await once(shop.child, 'close');
  }
  return 0;
});

async function openShop() {
  const args = ['--import', 'tsx', 'examples/storefront/main.ts', '--port', '0', '--metrics-port', '0'];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    said += text;
    const [, url] = /^metrics +(http\S+)\/metrics$/m.exec(said) ?? [];
    if (url === undefined) continue;
    child.stdout.resume();
    return { child, url: `${url}/` };
  }
  throw new Error(`the shop did not open: ${said}`);
}

async function takePage(browser, url, name, { from = 'body', ...view }) {
  const page = await browser.newPage(view);
  await page.goto(url);
  await page.locator('#caches figure').first().waitFor();
  // Rates of a window instead of those since the start.
  await delay(5000);
  await page.evaluate((part) => {
    const { top } = document.querySelector(part).getBoundingClientRect();
    scrollTo(0, Math.max(0, top - 16));
  }, from);
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
  await page.close();
  console.log(`docs/pictures/${name}.png`);
}

/** What the terminal shows, as text in a page of its own. */
async function takeTop(browser, url) {
  const { signal } = new AbortController();
  const before = await scrape({ url, signal });
  await delay(2000);
  const after = await scrape({ url, signal });
  // The address everybody has.
  const shown = new URL('http://127.0.0.1:9464/metrics');
  const lines = topLines(readTop(shown, before, after, Date.now() / 1000), COLUMNS, coloured);
  const page = await browser.newPage({ viewport: { width: 940, height: 100 }, deviceScaleFactor: 1.25 });
  await page.setContent(terminalPage(lines.join('\n')));
  await page.locator('pre').screenshot({ path: join(PICTURES, 'top.png') });
  await page.close();
  console.log('docs/pictures/top.png');
}

function terminalPage(text) {
  const html = text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    .replaceAll(/\u001B\[(\d+)m/g, (_, code) =>
      code === '0' ? '</span>' : `<span style="${STYLES[code]}">`,
    );
  return `<!doctype html><meta charset="utf-8"><body style="margin: 0"><pre style="display: inline-block; margin: 0;
    padding: 16px 20px; background: #14171b; color: #e8ebee; font: 13px/1.4 'DejaVu Sans Mono', monospace">${html}</pre>`;
}
