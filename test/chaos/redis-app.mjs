// The application of the chaos over Redis: readers and writers of a CacheManager with a small memory over a RedisCache.
import { setTimeout as sleep } from 'node:timers/promises';
import { answerWith } from './redis-child.mjs';
import { keysOf, PREFIX } from './redis-keys.mjs';
import { monotonicMs, StolenTime } from './redis-time.mjs';

const READERS = 8;
const WRITERS = 2;
const READ_PAUSE_MS = 2;
const WRITE_PAUSE_MS = 5;
/** Beside the keys that are checked in the end, for the steady load. */
const STEADY_KEYS = 200;
/** A load that is under way when the outage begins: its value is written into it. */
const LOAD_MS = 20;
/** Changes at once, so that readers get their turns between them. */
const CHUNK = 50;

void answerWith(async ({ dist, url, keyCount }) => {
  const { CacheManager, MemoryCache, RedisCache } = await import(new URL('index.js', dist).href);
  const redis = new RedisCache({ url, prefix: PREFIX });
  const cache = new CacheManager({ primary: new MemoryCache({ maxSize: 100 }), secondary: redis });
  await redis.ready();
  const origin = new Origin(keysOf(keyCount));
  const load = new Load(cache, origin);
  return {
    /** Everything is in Redis as it was before the outage. */
    prepare: () => inChunks(origin.keys, (one) => cache.set(one.key, { n: 1 }, tagsOf(one))),
    start: () => load.start(),
    /** Changes every key, over so many milliseconds. */
    change: (ms) => origin.changeAll(cache, ms),
    report: (times) => load.report(times),
    stolenBetween: (start, end) => load.stolenBetween(start, end),
    stop: () => load.stop(),
  };
});

/** Where the values come from, and since when the cache has been told that they changed. */
class Origin {
  keys;
  #byKey;
  #current = new Map();
  #told = new Set();

  constructor(keys) {
    this.keys = keys;
    this.#byKey = new Map(keys.map((one) => [one.key, one]));
  }

  valueOf(key) {
    return { n: this.#current.get(key) ?? 1 };
  }

  tagsOf(key) {
    return tagsOf(this.#byKey.get(key));
  }

  /** To be asked before a read: whether it may not find the value from before the change. */
  mustBeNew(key) {
    return this.#told.has(key);
  }

  async changeAll(cache, ms) {
    const start = monotonicMs();
    const shares = chunksOf(this.keys, CHUNK);
    for (const [i, share] of shares.entries()) {
      await sleep(Math.max(0, start + (ms * i) / shares.length - monotonicMs()));
      await Promise.all(share.map((one) => this.#change(cache, one)));
    }
    // One write for each tag, when all that carry it have changed.
    const tagged = this.keys.filter(({ tags }) => tags !== undefined);
    await cache.invalidateTags([...new Set(tagged.flatMap(({ tags }) => tags))]);
    for (const { key } of tagged) this.#told.add(key);
  }

  async #change(cache, { key, change }) {
    this.#current.set(key, 2);
    if (change === 'tag') return;
    if (change === 'set') await cache.set(key, { n: 2 });
    else await cache.delete(key);
    this.#told.add(key);
  }
}

/** Steady readers and writers, and what came of their calls. */
class Load {
  #cache;
  #origin;
  #stolen = new StolenTime();
  #isRunning = false;
  #loops = [];
  #calls = { read: [], load: [], write: [] };
  #errors = { read: 0, load: 0, write: 0 };
  #stale = 0;

  constructor(cache, origin) {
    this.#cache = cache;
    this.#origin = origin;
  }

  start() {
    this.#isRunning = true;
    this.#stolen.start();
    const loops = [
      ...Array.from({ length: READERS }, () => [READ_PAUSE_MS, () => this.#read()]),
      ...Array.from({ length: WRITERS }, () => [WRITE_PAUSE_MS, () => this.#write()]),
      [1, () => this.#loadSlowly()],
    ];
    this.#loops = loops.map(([pauseMs, step]) => this.#repeat(pauseMs, step));
  }

  async stop() {
    this.#isRunning = false;
    await Promise.all(this.#loops);
    this.#stolen.stop();
  }

  /** What calls cost that met the beginning of the outage, and those that began when somebody had noticed it. */
  report({ begin, noticed, end, deadlineMs, limits }) {
    // Time stolen from a call that waits for its deadline anyway is no excuse.
    const isFirst = ([start, stop]) => stop >= begin && start < noticed;
    const isAfter = ([start]) => start >= noticed && start < end;
    const kinds = Object.entries(this.#calls).map(([kind, calls]) => {
      const first = this.#timesOf(calls.filter(isFirst), deadlineMs, limits.first);
      const after = this.#timesOf(calls.filter(isAfter), 0, limits.after);
      return [kind, { errors: this.#errors[kind], first, after }];
    });
    const outage = this.#calls.read.filter(([start, stop]) => stop >= begin && start < end);
    return {
      ...Object.fromEntries(kinds),
      stale: this.#stale,
      paid: timesPaid(outage.filter(([start, stop]) => stop - start >= 0.9 * deadlineMs)),
    };
  }

  stolenBetween(start, end) {
    return this.#stolen.between(start, end);
  }

  /** Set aside, and counted, are calls that only the time the machine took away brought above their limit. */
  #timesOf(calls, deadlineMs, limitMs) {
    const all = calls.map(([start, stop, given]) => {
      const ms = stop - start - given;
      const isExcused =
        ms > limitMs && ms - this.#stolen.between(start + given + deadlineMs, stop) <= limitMs;
      return { ms, isExcused };
    });
    const kept = all.filter(({ isExcused }) => !isExcused).map(({ ms }) => ms);
    const times = kept.toSorted((a, b) => a - b);
    return {
      count: times.length,
      excused: all.length - times.length,
      p99: times[Math.floor(times.length * 0.99)] ?? 0,
      max: times.at(-1) ?? 0,
      maxOfAll: Math.max(0, ...all.map(({ ms }) => ms)),
    };
  }

  async #repeat(pauseMs, step) {
    while (this.#isRunning) {
      await step();
      await sleep(pauseMs);
    }
  }

  async #read() {
    const keys = this.#origin.keys;
    const isSteady = Math.random() < 0.2;
    const key = isSteady ? steadyKey() : keys[Math.floor(Math.random() * keys.length)].key;
    const mustBeNew = this.#origin.mustBeNew(key);
    const isLoading = Math.random() < 0.5;
    const factory = () => this.#origin.valueOf(key);
    const found = await this.#timed('read', 0, () =>
      isLoading ? this.#cache.getOrSet(key, factory, this.#origin.tagsOf(key)) : this.#cache.get(key),
    );
    if (isLoading && found === undefined) this.#errors.read += 1;
    if (mustBeNew && found?.n === 1) this.#stale += 1;
  }

  async #loadSlowly() {
    const key = `slow ${Math.random()}`;
    const factory = async () => {
      const start = monotonicMs();
      await sleep(LOAD_MS);
      given = monotonicMs() - start;
      return { n: 1 };
    };
    let given = 0;
    await this.#timed(
      'load',
      () => given,
      () => this.#cache.getOrSet(key, factory, { ttl: 60 }),
    );
  }

  async #write() {
    const isDelete = Math.random() < 0.3;
    await this.#timed('write', 0, () =>
      isDelete ? this.#cache.delete(steadyKey()) : this.#cache.set(steadyKey(), { n: 1 }),
    );
  }

  async #timed(kind, given, call) {
    const start = this.#stolen.mark();
    try {
      return await call();
    } catch {
      this.#errors[kind] += 1;
      return undefined;
    } finally {
      const stop = this.#stolen.mark();
      this.#calls[kind].push([start, stop, typeof given === 'function' ? given() : given]);
    }
  }
}

/** How often somebody waited for a deadline: those that waited at the same time count once. */
function timesPaid(calls) {
  let [count, until] = [0, 0];
  for (const [start, stop] of calls.toSorted(([a], [b]) => a - b)) {
    if (start > until) count += 1;
    until = Math.max(until, stop);
  }
  return count;
}

function steadyKey() {
  return `steady ${Math.floor(Math.random() * STEADY_KEYS)}`;
}

function tagsOf(one) {
  return one?.tags === undefined ? {} : { tags: one.tags };
}

async function inChunks(items, step) {
  for (const chunk of chunksOf(items, CHUNK)) await Promise.all(chunk.map(step));
}

function chunksOf(items, size) {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
