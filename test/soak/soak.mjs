// An application under load, to which one thing after the other happens: node test/soak/soak.mjs [--minutes 2] [--json]
// Needs redis-server and a built dist/ (npm run build). Exit code 1 when something grows, is lost or does not end.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openStage } from '../chaos/redis-outages.mjs';
import { Collector, Disk, FAULTS } from './faults.mjs';
import { get, Load } from './load.mjs';
import { printGrowth, printLosses } from './report.mjs';
import { startApp } from './running-app.mjs';
import { Sampling } from './sampling.mjs';
import { growth, losses, sumOfSamples } from './verdict.mjs';

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
    dist: { type: 'string', default: new URL('../../dist/', import.meta.url).href },
  },
});
const totalMs = Number(flags.minutes) * 60_000;
if (!(totalMs > 0)) throw new Error(`--minutes must be a positive number, got ${flags.minutes}`);

/** Compiled code, connections, full caches: what an application has after a while. */
const warmUpMs = Math.min(30_000, totalMs / 5);
const sampleMs = Math.min(10_000, totalMs / 12);
/** Of the time that one fault has, half is for coming back. */
const faultMs = (totalMs - warmUpMs) / Object.keys(FAULTS).length;
const SETTLE_MS = 3000;

const folder = mkdtempSync(join(tmpdir(), 'perf-soak-'));
const disk = new Disk(folder);
const cacheDir = join(folder, 'cache');
mkdirSync(cacheDir);
const collector = new Collector();
const redis = await openStage({ usesNetwork: true });
let app;
process.once('exit', leave);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

app = await startApp({
  settings: { dist: flags.dist, redisUrl: redis.url, cacheDir },
  collectorUrl: await collector.listen(),
});
const verdict = await soak(app);
if (flags.json) console.log(JSON.stringify(verdict));
process.exit(verdict.isBroken ? 1 : 0);

/** Also after an error, or Ctrl-C: a disk that stays mounted would be somebody's riddle. */
function leave() {
  app?.kill();
  redis.close();
  disk.close();
  rmSync(folder, { recursive: true, force: true });
}

async function soak(running) {
  const say = flags.json ? () => {} : console.log;
  say(
    `node ${process.versions.node}, ${flags.minutes} minutes, ${disk.isMounted ? 'a disk of 16 MB' : 'a feigned disk'}`,
  );
  const load = new Load(running.urls);
  await sleep(warmUpMs);
  const sampling = new Sampling(running, sampleMs);
  const stage = { ...redis, collector, disk, app: running };
  for (const [name, fault] of Object.entries(FAULTS)) {
    say(`${name} for ${(faultMs / 2000).toFixed(0)} s`);
    await fault.begin(stage);
    await sleep(faultMs / 2);
    await fault.end(stage);
    await sleep(faultMs / 2);
  }
  const samples = await sampling.stop();
  await load.stop();
  // Clients that went away are noticed by the server, and the last tasks end.
  await sleep(SETTLE_MS);
  const counts = await running.ask('counts');
  const { text: page } = await get(running.urls.metrics);
  const grown = growth(samples);
  const lost = losses({ load, counts, page });
  const felt = {
    scrapes: load.scrapes,
    pushes: collector.pushes,
    tierErrors: sumOfSamples(page, 'perf_cache_tier_errors_total', {}),
  };
  const end = await running.stop();
  if (!flags.json) {
    printGrowth(grown, samples.length);
    printLosses(lost, felt);
    for (const line of [...counts.wrong, ...new Set(load.lost)].slice(0, 10)) say(line);
    say(end.problem ?? `the application ended by itself after ${end.seconds.toFixed(1)} s`);
  }
  const isBroken = end.problem !== undefined || [...grown, ...lost].some((one) => one.isBroken);
  return {
    isBroken,
    growth: grown,
    losses: lost,
    felt,
    samples,
    end,
  };
}
