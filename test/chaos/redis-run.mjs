import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from './redis-child.mjs';
import { OUTAGES, openStage } from './redis-outages.mjs';
import { StolenTime } from './redis-time.mjs';

/** The default of RedisCache. */
const READ_TIMEOUT_MS = 100;
/** What the first call may take beyond its deadline. */
const TOLERANCE_MS = 10;
const QUICK_MS = 1;
/** After Redis' first answer. */
const FRESH_MS = 1000;
/** Load before the outage, so that everything is compiled, and after it. */
const AROUND_MS = 1500;

/**
 * One outage: an application reads and writes before, during and after it, and changes `keyCount` keys meanwhile, which
 * another process then reads. Resolves to what was measured, and `broken`: a sentence for each promise that was not kept.
 */
export async function runOutage(name, { dist, keyCount, outageMs }) {
  const outage = OUTAGES[name];
  const stage = await openStage(outage);
  const children = [];
  const start = async (file) => {
    const settings = { dist, keyCount, url: stage.url, directPort: stage.server.port };
    const child = await startChild(file, settings);
    children.push(child);
    return child;
  };
  try {
    const app = await start('redis-app.mjs');
    await app.ask('prepare');
    const witness = await start('redis-witness.mjs');
    await witness.ask('hold');
    await app.ask('start');
    await sleep(AROUND_MS);
    const begin = await outage.begin(stage);
    const noticed = begin + READ_TIMEOUT_MS + TOLERANCE_MS;
    await sleep(outageMs * 0.1);
    const changed = app.ask('change', outageMs * 0.8);
    await sleep(outageMs * 0.9);
    await changed;
    const end = await outage.end(stage);
    const fromRedis = new StolenTime(stage.server.pid);
    fromRedis.start();
    const seen = await witness.ask('watch', end);
    fromRedis.stop();
    await sleep(AROUND_MS);
    await app.ask('stop');
    const limits = limitsOf(outage);
    const report = await app.ask('report', { begin, noticed, end, deadlineMs: READ_TIMEOUT_MS, limits });
    const away = outage.timesAway?.(stage) ?? 1;
    const fresh = end + Math.max(seen.direct.staleMs, seen.other.staleMs);
    // Of the two only the larger: both may have waited at the same time.
    const stolenMs = Math.max(fromRedis.between(end, fresh), await app.ask('stolenBetween', end, fresh));
    return { name, seen, stolenMs, report, broken: brokenPromises(report, seen, { limits, away, stolenMs }) };
  } finally {
    for (const child of children) child.kill();
    stage.close();
  }
}

/** A load may wait twice where Redis comes and goes: for its entry, and for the versions of its tags. */
function limitsOf({ comesAndGoes = false }) {
  const first = READ_TIMEOUT_MS + TOLERANCE_MS;
  return comesAndGoes
    ? { first: first + READ_TIMEOUT_MS, after: first + READ_TIMEOUT_MS, afterP99: Infinity }
    : { first, after: QUICK_MS, afterP99: QUICK_MS };
}

function brokenPromises({ read, load, write, stale, paid }, { other, direct }, { limits, away, stolenMs }) {
  const promises = [
    ['errors that reached a reader', read.errors + load.errors, 0],
    ['errors that reached a writer', write.errors, 0],
    ['stale values for who made the change', stale, 0],
    ['ms of the slowest of the first reads', read.first.max, limits.first],
    ['ms of the slowest load under way, beyond its factory', load.first.max, limits.first],
    ['ms of reads after, p99', read.after.p99, limits.afterP99],
    ['ms of reads after, slowest', read.after.max, Math.max(limits.after, limits.first)],
    ['deadlines that readers waited for', paid, away],
    [
      'ms to the last stale value in another process, without what the machine took',
      other.staleMs - stolenMs,
      FRESH_MS,
    ],
    [
      'ms to the last stale value in Redis, without what the machine took',
      direct.staleMs - stolenMs,
      FRESH_MS,
    ],
    ['writes that were lost, for another process', other.missing, 0],
    ['writes that were lost, in Redis', direct.missing, 0],
  ];
  return promises
    .filter(([, found, promised]) => found > promised)
    .map(([what, found, promised]) => `${what}: ${Number(found.toFixed(1))}, promised ${promised}`);
}
