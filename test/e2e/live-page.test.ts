import axe from 'axe-core';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { startPerformance } from '../../src/performance.js';
import { check, launchBrowser, openPage, startShop, type OpenedPage } from './live-browser.js';
import { needsServer, waitFor } from './servers.js';

describe('the live page in a browser', function () {
  this.timeout(60_000);
  let browser: Browser;
  let shop: Awaited<ReturnType<typeof startShop>>;
  let opened: OpenedPage | undefined;

  before(async function () {
    needsServer(this, 'chromium');
    [browser, shop] = await Promise.all([launchBrowser(), startShop()]);
  });
  afterEach(async () => {
    await opened?.close();
    opened = undefined;
  });
  after(() => Promise.all([browser?.close(), shop?.stop()]));

  async function open(options: Parameters<typeof openPage>[2] = {}): Promise<Page> {
    opened = await openPage(browser, shop.url, options);
    return opened.page;
  }

  it('shows numbers that live, and asks nobody but its process', async () => {
    const page = await open();
    const row = page.getByRole('row', { name: 'GET /products/:id' });
    await row.waitFor();
    const first = await row.innerText();

    await waitFor(async () => (await row.innerText()) !== first, { what: 'other numbers' });

    expect(await page.title()).to.equal('storefront live');
    expect(first).to.match(/^GET \/products\/:id\s+[\d.\u202F]+\s+[\d.]+ m?s/);
    await page.getByRole('row', { name: 'products' }).first().waitFor();
    await page.locator('#caches figure').first().waitFor();
    const told = await page.locator('#resources').innerText();
    expect(told)
      .to.match(/Process CPU\s+[\d.]+\s%/)
      .and.match(/Process memory\s+[\d.]+ MiB/);
    const origins = new Set(
      opened!.requests
        .map((url) => new URL(url))
        .map(({ origin, protocol }) => {
          return protocol === 'data:' ? protocol : origin;
        }),
    );
    origins.delete('data:');
    expect([...origins]).to.deep.equal([new URL(shop.url).origin]);
    expect(opened!.complaints).to.deep.equal([]);
  });

  it('can be used by keyboard alone', async () => {
    const page = await open();
    await page.locator('#caches figure').first().waitFor();
    const reached: string[] = [];
    for (;;) {
      await page.keyboard.press('Tab');
      const focused = await check<{ name: string; isSeen: boolean } | undefined>(page, 'focused');
      if (focused === undefined) break;
      expect(focused.isSeen, `the focus on ${focused.name}`).to.equal(true);
      reached.push(focused.name);
    }
    expect(reached.slice(0, 3)).to.deep.equal(['Skip to the readings', 'Pause', 'Metrics']);
    expect(reached).to.include.members(['Timed operations in the last minute', 'Operation', 'p95', 'Hits']);

    const operations = page.getByRole('table', { name: 'Timed operations in the last minute' });
    const sortBy = async (title: string) => {
      await operations.getByRole('button', { name: title }).focus();
      await page.keyboard.press('Enter');
    };
    const namesOf = () => operations.getByRole('rowheader').allInnerTexts();
    await sortBy('Operation');
    expect(
      await operations.getByRole('columnheader', { name: 'Operation' }).getAttribute('aria-sort'),
    ).to.equal('ascending');
    const names = await namesOf();
    expect(names).to.have.length.above(5);
    expect(names).to.deep.equal(names.toSorted((a, b) => a.localeCompare(b)));
    await sortBy('Operation');
    expect(await namesOf()).to.deep.equal(names.toReversed());
    // The focus stays where it was while numbers change.
    expect(await check(page, 'focused')).to.deep.equal({ name: 'Operation', isSeen: true });
  });

  it('says everything to who does not see it', async () => {
    const page = await open();
    await page.locator('#caches figure').first().waitFor();

    const told = await page.locator('body').ariaSnapshot();

    expect(told).to.match(/- main/);
    for (const heading of ['Resources', 'Operations', 'Caches', 'Queues and pools', 'Optimizer'])
      expect(told).to.include(`heading "${heading}" [level=2]`);
    expect(told).to.include('heading "storefront" [level=1]');
    expect(told).to.match(
      /img "Calls, 3 min of checkout over the last three minutes: lowest .* now .* a second"/,
    );
    expect(told).to.match(/img "products: hits by size of the cache: ¼× [\d.]+ %, .*4× [\d.]+ %"/);
    expect(told).to.match(/rowheader "checkout"/);
    expect(await page.locator('[aria-live]').count()).to.equal(1);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has no fault that axe knows, in ${colorScheme}`, async () => {
      const page = await open({ colorScheme, bypassCSP: true });
      await page.locator('#caches figure').first().waitFor();
      await page.locator('#optimizer .decisions li').first().waitFor();
      for (const summary of await page.locator('summary').all()) await summary.click();

      await page.evaluate(axe.source);
      const violations = await page.evaluate(async () => {
        const { axe: found } = globalThis as unknown as { axe: typeof import('axe-core') };
        const results = await found.run();
        return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
      });

      expect(violations).to.deep.equal([]);
    });

    it(`has enough contrast for every text, in ${colorScheme}`, async () => {
      const page = await open({ colorScheme });
      await page.locator('#optimizer .decisions li').first().waitFor();

      const { ground, faint } = await check<{ ground: number; faint: string[] }>(page, 'contrasts');

      expect(ground).to.be[colorScheme === 'dark' ? 'below' : 'above'](0.5);
      expect(faint).to.deep.equal([]);
    });
  }

  it('fits on a telephone', async () => {
    const page = await open({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
    await page.locator('#caches figure').first().waitFor();

    const {
      width,
      page: beyond,
      tables,
    } = await check<{ width: number; page: number; tables: number[] }>(page, 'tooWide');

    expect([width, beyond]).to.deep.equal([360, 0]);
    expect(tables)
      .to.have.length.above(2)
      .and.satisfy((all: number[]) => all.every((pixels) => pixels === 0));
  });

  it('pauses', async () => {
    const page = await open();
    const state = page.locator('#state');
    await page.getByRole('button', { name: 'Pause' }).click();
    const paused = await state.innerText();
    expect(paused).to.match(/^paused at /);
    const before = opened!.requests.length;
    const numbers = await page.locator('main').innerText();
    // A report comes each second.
    const { time } = await report(shop.url);
    await waitFor(async () => (await report(shop.url)).time - time > 2, { what: 'two seconds' });

    expect(await page.locator('main').innerText()).to.equal(numbers);
    expect(opened!.requests).to.have.length(before);
    await page.getByRole('button', { name: 'Pause' }).click();
    await waitFor(async () => (await state.innerText()).startsWith('live'), { what: 'live again' });
  });

  it('says when the process is gone, and goes on with the next one', async () => {
    const page = await open();
    const state = page.locator('#state');
    await waitFor(async () => (await state.innerText()).startsWith('live'), { what: 'the first numbers' });

    await shop.stop();
    await waitFor(async () => (await state.innerText()).startsWith('connection lost'), { what: 'the loss' });
    expect(await page.getByRole('row', { name: 'checkout' }).count()).to.be.above(0);
    shop = await startShop(Number(new URL(shop.url).port));

    await waitFor(async () => (await page.locator('#facts').innerText()).includes(`process ${shop.pid},`), {
      what: 'the next process',
      timeout: 20,
    });
    expect(await state.innerText()).to.match(/^live, /);
  });

  it('says what to do where there is nothing to show', async () => {
    const perf = startPerformance({
      prometheus: { port: 0 },
      optimizer: { auto: false },
      registerGlobal: false,
    });
    await perf.ready;
    try {
      opened = await openPage(browser, new URL('/', perf.metricsUrl).href);
      const { page } = opened;

      expect(await page.locator('#caches').innerText()).to.include(
        'No caches yet: make one with new CacheManager(',
      );
      expect(await page.locator('#operations').innerText()).to.include("@timer('checkout')");
      expect(await page.locator('#optimizer').innerText()).to.include('optimizer.startAutoOptimization()');
      perf.monitor.time('<b>first</b>', () => {});
      await page.getByRole('rowheader', { name: '<b>first</b>' }).waitFor();
      expect(await page.locator('main b').count()).to.equal(0);
      expect(opened.complaints).to.deep.equal([]);
    } finally {
      await perf.shutdown();
    }
  });
});

async function report(url: string): Promise<{ readonly time: number }> {
  return (await (await fetch(`${url}live?once`)).json()) as { readonly time: number };
}
