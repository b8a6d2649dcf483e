/**
 * Draws every dashboard with data of a real Prometheus that has watched the busy program of the tests for some minutes.
 *
 *     npm run pictures                               all of them, 6 minutes
 *     npm run pictures -- http://127.0.0.1:9090      with the data of a Prometheus that is there already
 */
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { setTimeout as delay } from 'node:timers/promises';
import { toJson } from '../../grafana/source/dashboard.js';
import { dashboards } from '../../grafana/source/dashboards/all.js';
import { watchBusyApps } from './busy-prometheus.js';
import type { DashboardJson } from '../../test/grafana/dashboard-json.js';
import { askAll } from './answers.js';
import { GRID, pictureHeight, type Picture } from './picture.js';

const run = promisify(execFile);
const here = import.meta.dirname;
const target = join(here, '..', '..', 'docs', 'pictures');
const WATCHED_SECONDS = 300;
/** What the programs need until their rates mean something. */
const WARM_UP_SECONDS = 20;

/** The last scrapes may be under way. */
const LAST_SCRAPE_SECONDS = 6;

// What was started ends with this process, if it ends in order.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const [given] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'dashboard-pictures-'));
const watched = given === undefined ? await watchBusyApps() : { url: given, stop: async () => {} };
try {
  const page = bundlePage();
  if (given === undefined) {
    console.log(`watching for ${WATCHED_SECONDS + WARM_UP_SECONDS} s`);
    await delay((WATCHED_SECONDS + WARM_UP_SECONDS) * 1000);
  }
  await page;
  await mkdir(target, { recursive: true });
  const to = Math.floor(Date.now() / 1000) - LAST_SCRAPE_SECONDS;
  for (const [name, dashboard] of Object.entries(dashboards)) {
    const picture = await askAll(watched.url, toJson(dashboard) as DashboardJson, {
      from: to - WATCHED_SECONDS,
      to,
    });
    await draw(name, picture);
    console.log(`docs/pictures/${name}.png`);
  }
} finally {
  await watched.stop();
  await rm(folder, { recursive: true, force: true });
}

async function bundlePage(): Promise<void> {
  await build({
    entryPoints: [join(here, 'page.tsx')],
    outfile: join(folder, 'page.js'),
    bundle: true,
    format: 'iife',
    jsx: 'automatic',
    minify: true,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
    loader: {
      '.svg': 'dataurl',
      '.png': 'dataurl',
      '.woff2': 'dataurl',
      '.woff': 'dataurl',
      '.ttf': 'dataurl',
    },
  });
}

async function draw(name: string, picture: Picture): Promise<void> {
  const html = join(folder, `${name}.html`);
  const text = JSON.stringify(picture).replaceAll('<', '\\u003c');
  await writeFile(
    html,
    `<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="page.css"><body style="margin:0"><div id="root"></div><script>window.picture=${text}</script><script src="page.js"></script>`,
  );
  const png = join(folder, `${name}.png`);
  await run('chromium', [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--hide-scrollbars',
    '--allow-file-access-from-files',
    `--user-data-dir=${join(folder, 'chromium')}`,
    `--window-size=${GRID.width},${pictureHeight(picture.dashboard)}`,
    '--virtual-time-budget=10000',
    `--screenshot=${png}`,
    pathToFileURL(html).href,
  ]);
  // Dark panels have few colours: with a palette the file is a third.
  await sharp(png)
    .png({ palette: true, colours: 96, effort: 10 })
    .toFile(join(target, `${name}.png`));
}
