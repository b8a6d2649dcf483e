// How long does a copy in memory outlive the entry in Redis that somebody else changed?
//
// One process holds copies in the memory of a CacheManager over a RedisCache; something else changes Redis: another
// process through a RedisCache, redis-cli's DEL, a plain client, expiry, FLUSHALL. Measured is the time from just before
// the change is sent, or for expiry from the moment the time is over by the server's clock, until the copy is gone from
// memory. The memory is asked in every turn of the event loop. Redis looks for what has expired ten times a second.

import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fromRoot } from './lib/from-root.mjs';
import { quantile } from './lib/measure.mjs';
import { startRedis } from './lib/redis-server.mjs';

const BUILT = new URL('../dist/', import.meta.url);
const PATIENCE_MS = 5000;
const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
    writer: { type: 'string' },
  },
});
const closers = [];

try {
  if (!existsSync(BUILT)) throw new Error('dist is missing, build the package first');
  if (flags.writer === undefined) await main();
  else await write(flags.writer);
} catch (error) {
  process.exitCode = 1;
  console.error(`cache-coherence: ${error instanceof Error ? error.message : String(error)}`);
} finally {
  for (const close of closers.toReversed()) await close();
}

async function main() {
  const rounds = Number(flags.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be a positive integer');
  const { port, stop } = await startRedis();
  closers.push(stop);
  const url = `redis://127.0.0.1:${port}`;
  const { CacheManager } = await import(new URL('index.js', BUILT).href);
  const tier = await ready(url);
  const cache = new CacheManager({ secondary: tier });
  closers.push(() => cache.close());
  const { Redis } = fromRoot('ioredis');
  const plain = new Redis(url);
  closers.push(() => plain.disconnect());
  const other = fork(fileURLToPath(import.meta.url), ['--writer', url]);
  closers.push(() => other.kill());
  await once(other, 'message');

  const physical = (key) => `cache:key:${key}`;
  const changes = {
    'a RedisCache in another process': (key) => other.send(key),
    'a plain client': (key) => plain.set(physical(key), 'changed'),
    'redis-cli DEL': (key) => once(spawn('redis-cli', ['-p', String(port), 'DEL', physical(key)]), 'close'),
    expiry: undefined,
    FLUSHALL: () => plain.flushall(),
  };
  if (!flags.json) {
    console.log(`cache-coherence: milliseconds until a copy in memory is gone, ${rounds} changes each`);
    console.log(`\n${'changed by'.padEnd(34)}${'p50'.padStart(8)}${'p99'.padStart(8)}${'max'.padStart(8)}`);
  }
  for (const [name, change] of Object.entries(changes)) {
    const times = [];
    for (let round = 0; round < rounds; round++) {
      const key = `k${round}`;
      times.push(
        change === undefined
          ? await untilExpired(cache, plain, key, round)
          : await untilGone(cache, key, change),
      );
    }
    report(name, times);
  }
}

async function untilGone(cache, key, change) {
  await hold(cache, key);
  const start = performance.now();
  change(key);
  await gone(cache, key);
  return performance.now() - start;
}

/** Somebody else shortens the life of an entry, by another time in each round: Redis looks for the expired in a rhythm. */
async function untilExpired(cache, plain, key, round) {
  await hold(cache, key);
  await plain.pexpire(`cache:key:${key}`, 50 + ((round * 37) % 100));
  // The new time to live is a change as well, told at once; after it the entry is read again.
  await gone(cache, key);
  await readUntilHeld(cache, key);
  const start = performance.now() + Number(await plain.pttl(`cache:key:${key}`));
  await gone(cache, key);
  return Math.max(0, performance.now() - start);
}

async function hold(cache, key) {
  await cache.set(key, 'first', { ttl: 3600 });
  await readUntilHeld(cache, key);
}

async function readUntilHeld(cache, key) {
  const end = performance.now() + PATIENCE_MS;
  // What earlier rounds changed may still be on its way here.
  while ((await cache.get(key)) !== 'first' || cache.getIfPresent(key) === undefined) {
    if (performance.now() > end) throw new Error('a value could not be held');
    await turn();
  }
}

async function gone(cache, key) {
  const end = performance.now() + PATIENCE_MS;
  while (cache.getIfPresent(key) !== undefined) {
    if (performance.now() > end) throw new Error('the copy in memory stayed');
    await turn();
  }
}

/** The other process. */
async function write(url) {
  const tier = await ready(url);
  process.on('message', (key) => void tier.set(key, 'changed'));
  process.send('ready');
  await once(process, 'disconnect');
}

async function ready(url) {
  const { RedisCache } = await import(new URL('index.js', BUILT).href);
  const tier = new RedisCache({ url, readTimeout: 2 });
  closers.push(() => tier.close());
  await tier.ready();
  return tier;
}

function report(name, times) {
  const [p50, p99, max] = [quantile(times, 0.5), quantile(times, 0.99), Math.max(...times)].map((ms) =>
    Number(ms.toFixed(2)),
  );
  if (flags.json) console.log(JSON.stringify({ bench: 'cache-coherence', case: name, p50, p99, max }));
  else console.log(`${name.padEnd(34)}${[p50, p99, max].map((ms) => String(ms).padStart(8)).join('')}`);
}
