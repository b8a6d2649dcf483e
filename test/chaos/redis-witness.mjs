// Another process beside the application: it holds copies of all keys in memory from before the outage, and looks into
// Redis with a plain client too. It tells when nothing of what it finds is stale any more.
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { answerWith } from './redis-child.mjs';
import { keysOf, PREFIX } from './redis-keys.mjs';
import { monotonicMs } from './redis-time.mjs';

const PROMISED_MS = 1000;
const PATIENCE_MS = 20_000;
const PAUSE_MS = 20;
const CHUNK = 500;

void answerWith(async ({ dist, url, directPort, keyCount }) => {
  const { CacheManager, MemoryCache, RedisCache } = await import(new URL('index.js', dist).href);
  const redis = new RedisCache({ url, prefix: PREFIX });
  const cache = new CacheManager({ primary: new MemoryCache({ maxSize: 2 * keyCount }), secondary: redis });
  await redis.ready();
  const plain = new Redis(directPort, '127.0.0.1', {
    retryStrategy: () => 20,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
  });
  plain.on('error', () => {});
  const keys = keysOf(keyCount);
  return {
    /** Reads until every key is in memory: the changes of the application itself drop copies at first. */
    async hold() {
      while (keys.some(({ key }) => cache.getIfPresent(key) === undefined)) {
        for (const some of chunksOf(keys, CHUNK)) await readFromCache(cache, some);
      }
    },
    async watch(since) {
      const [other, direct] = await Promise.all([
        watched(since, keys, (some) => readFromCache(cache, some)),
        watched(since, keys, (some) => readFromRedis(plain, some)),
      ]);
      return { other, direct };
    },
  };
});

/**
 * Looks again and again at what was not in order yet, and when the promised time is over once more at everything.
 * `staleMs`: from `since` to the last time anything stale was seen; `stale`: how many were seen after the promised time;
 * `missing`: keys that were set and are not there at last.
 */
async function watched(since, keys, read) {
  const all = chunksOf(keys, CHUNK);
  let [open, staleMs, stale, missing] = [all, 0, 0, 0];
  for (;;) {
    const began = monotonicMs() - since;
    const isLast = began > PROMISED_MS;
    const left = [];
    missing = 0;
    for (const some of isLast ? all : open) {
      const at = monotonicMs() - since;
      const found = await read(some);
      const staleHere = found.filter((value) => value?.n === 1).length;
      const missingHere = some.filter(({ change }, i) => change === 'set' && found[i] === undefined).length;
      if (staleHere + missingHere > 0) left.push(some);
      if (staleHere > 0) staleMs = at;
      if (at > PROMISED_MS) stale += staleHere;
      missing += missingHere;
    }
    open = left;
    if (isLast && (open.length === 0 || began > PATIENCE_MS)) return { staleMs, stale, missing };
    await sleep(PAUSE_MS);
  }
}

async function readFromCache(cache, keys) {
  return Promise.all(keys.map(({ key }) => cache.get(key)));
}

/** A key that was set must be there; one that was deleted or invalidated may have been loaded again. */
async function readFromRedis(plain, keys) {
  try {
    const texts = await plain.mget(keys.map(({ key }) => `${PREFIX}key:${key}`));
    const versions = await versionsIn(plain, keys);
    return keys.map(({ tags }, i) => parsed(texts[i], tags, versions));
  } catch {
    return keys.map(() => undefined);
  }
}

async function versionsIn(plain, keys) {
  const tags = [...new Set(keys.flatMap(({ tags: names = [] }) => names))];
  const versions = await plain.mget(tags.map((tag) => `${PREFIX}tag:${tag}`));
  return new Map(tags.map((tag, i) => [tag, versions[i] ?? '']));
}

/** As a reader who knows the format finds it: an entry whose tag was invalidated is not there. */
function parsed(text, tags = [], versions) {
  if (text === null) return undefined;
  const end = text.indexOf('\n');
  const { v = {} } = JSON.parse(text.slice('P1'.length, end));
  if (tags.some((tag) => (v[tag] ?? '') !== versions.get(tag))) return undefined;
  return JSON.parse(text.slice(end + 1));
}

function chunksOf(items, size) {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
