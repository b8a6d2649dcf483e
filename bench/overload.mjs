// What is left of a service when what it depends on gets slow? 500 calls a second with a deadline of 1 s each; for 2 of 6
// minutes the dependency can do 320 a second instead of 800: 64 % of what is asked of it.
//
// The time is simulated, the limiters are real: their clock and the dependency's are the same, and every run of a seed
// gives the same numbers. The dependency has 40 servers (16 while it is degraded) with exponential service times of 50 ms
// on average; beyond that calls share them, and each one too many costs 0.4 % of the speed, as a database's would.
//
// Good is what is answered within a second of its arrival. A call that could only be answered later is useless, and so is
// the work it makes. Recovery: from the moment the dependency is well again until 95 % of a second's arrivals are good.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';

const BUILT = new URL('../dist/index.js', import.meta.url);
const RATE = 500;
const BASE_SECONDS = 0.05;
const SERVERS = { normal: 40, degraded: 16 };
const DEGRADED_CAPACITY = SERVERS.degraded / BASE_SECONDS;
const PHASE_SECONDS = 120;
const DEADLINE = 1;

const { values: flags } = parseArgs({
  options: { seeds: { type: 'string', default: '3' }, json: { type: 'boolean', default: false } },
});

if (!existsSync(BUILT)) throw new Error('dist is missing, build the package first');
const { Limiter } = await import(BUILT.href);

/** Each makes a function that runs work, on a clock. `limit` tells how much may run, where there is a limit. */
const CASES = {
  'no limit': () => ({ run: (work) => work() }),
  'ours: limit 40': (clock) => limited(clock, { limit: 40, maxQueued: 1e6 }),
  'ours: limit 40, queueTimeout 0.5': (clock) => limited(clock, { limit: 40, queueTimeout: 0.5 }),
  'ours: adaptive limit': (clock) => limited(clock, { limit: {} }),
  'p-queue: concurrency 40': async () => {
    const { default: PQueue } = await import('p-queue');
    const queue = new PQueue({ concurrency: 40 });
    return { run: (work) => queue.add(work) };
  },
  'cockatiel: bulkhead(40, 5000)': async () => {
    const { bulkhead } = await import('cockatiel');
    const policy = bulkhead(40, 5000);
    return { run: (work) => policy.execute(work) };
  },
};

async function main() {
  const seeds = Array.from({ length: Number(flags.seeds) }, (_, i) => i + 1);
  if (!flags.json) {
    console.log(
      `overload: ${RATE} calls/s, dependency at ${DEGRADED_CAPACITY}/s for 2 of 6 minutes, Node ${process.version}`,
    );
    console.log(
      `\n${'good calls a second'.padEnd(34)}  normal  degraded  recovered  of capacity  recovery s  over limit`,
    );
  }
  for (const [name, make] of Object.entries(CASES)) {
    const runs = [];
    for (const seed of seeds) runs.push(await simulate(make, seed));
    report(name, runs);
  }
}

function limited(clock, options) {
  const limiter = new Limiter({ name: 'dependency', clock, ...options });
  return { run: (work) => limiter.run(work), limit: () => limiter.stats().limit };
}

function report(name, runs) {
  const median = (of) => runs.map(of).toSorted((a, b) => a - b)[runs.length >> 1];
  const good = [0, 1, 2].map((phase) => Math.round(median(({ good: all }) => all[phase] / PHASE_SECONDS)));
  const share = good[1] / DEGRADED_CAPACITY;
  const recovery = median(({ recovery: seconds }) => seconds);
  const overLimit = Math.max(...runs.map(({ overLimit: count }) => count));
  if (flags.json) {
    console.log(JSON.stringify({ bench: 'overload', case: name, good, share, recovery, overLimit }));
    return;
  }
  const columns = [
    good[0],
    good[1],
    good[2],
    `${(share * 100).toFixed(0)} %`,
    recovery === Infinity ? 'never' : recovery,
    overLimit,
  ];
  const widths = [8, 10, 11, 13, 12, 12];
  console.log(name.padEnd(34) + columns.map((text, i) => String(text).padStart(widths[i])).join(''));
}

async function simulate(make, seed) {
  const random = randomFrom(seed);
  const exponential = (mean) => -mean * Math.log(1 - random());
  const time = new SimulatedTime();
  const dependency = new Dependency(time, exponential);
  const { run, limit } = await make(time.clock);
  const good = [0, 0, 0];
  const arrivedIn = new Map();
  const goodIn = new Map();
  let overLimit = 0;
  const phaseOf = (at) => Math.min(2, Math.floor(at / PHASE_SECONDS));
  const count = (map, key) => map.set(key, (map.get(key) ?? 0) + 1);

  const work = () => {
    const call = dependency.call();
    if (limit !== undefined && dependency.active > limit()) overLimit += 1;
    return call;
  };
  const arrive = () => {
    const at = time.now;
    if (at >= 3 * PHASE_SECONDS) return;
    count(arrivedIn, Math.floor(at));
    time.at(at + exponential(1 / RATE), arrive);
    run(work).then(
      () => {
        if (time.now - at > DEADLINE) return;
        good[phaseOf(at)] += 1;
        count(goodIn, Math.floor(at));
      },
      () => {},
    );
  };
  time.at(PHASE_SECONDS, () => dependency.setServers(SERVERS.degraded));
  time.at(2 * PHASE_SECONDS, () => dependency.setServers(SERVERS.normal));
  time.at(0, arrive);
  await time.runUntil(3 * PHASE_SECONDS);

  let recovery = Infinity;
  for (let second = 2 * PHASE_SECONDS; second < 3 * PHASE_SECONDS - 2 && recovery === Infinity; second += 1) {
    if ((goodIn.get(second) ?? 0) >= 0.95 * arrivedIn.get(second)) recovery = second - 2 * PHASE_SECONDS;
  }
  return { good, recovery, overLimit };
}

/** Events in their order; in between, everything that waits for a promise gets on. */
class SimulatedTime {
  now = 0;
  #heap = [];
  #order = 0;

  clock = {
    now: () => this.now * 1000,
    wallNow: () => this.now * 1000,
    every: (intervalMs, tick) => {
      let isOver = false;
      const again = () => {
        if (isOver) return;
        this.at(this.now + intervalMs / 1000, again);
        tick();
      };
      this.at(this.now + intervalMs / 1000, again);
      return () => (isOver = true);
    },
    after: (delayMs, act) => {
      let isOver = false;
      this.at(this.now + delayMs / 1000, () => {
        if (!isOver) act();
      });
      return () => (isOver = true);
    },
  };

  at(when, act) {
    const heap = this.#heap;
    const event = { when, act, order: this.#order++ };
    let i = heap.push(event) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (isBefore(heap[parent], event)) break;
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = event;
  }

  async runUntil(end) {
    while (this.#heap.length > 0 && this.#heap[0].when <= end) {
      const { when, act } = this.#take();
      this.now = when;
      act();
      await new Promise(setImmediate);
    }
  }

  #take() {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child += 1;
      if (isBefore(last, heap[child])) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = last;
    return first;
  }
}

function isBefore(a, b) {
  return a.when < b.when || (a.when === b.when && a.order < b.order);
}

/** Servers that all calls share alike: each call is done when its share of the work is. */
class Dependency {
  #time;
  #exponential;
  #servers = SERVERS.normal;
  /** Work every call has been given so far, in seconds of one server. */
  #given = 0;
  #since = 0;
  /** Calls by the work at which they are done, ascending. */
  #calls = [];
  #plan = 0;

  constructor(time, exponential) {
    this.#time = time;
    this.#exponential = exponential;
  }

  get active() {
    return this.#calls.length;
  }

  call() {
    this.#advance();
    const done = this.#given + this.#exponential(BASE_SECONDS);
    return new Promise((resolve) => {
      let low = 0;
      let high = this.#calls.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.#calls[middle].done <= done) low = middle + 1;
        else high = middle;
      }
      this.#calls.splice(low, 0, { done, resolve });
      this.#schedule();
    });
  }

  setServers(count) {
    this.#advance();
    this.#servers = count;
    this.#schedule();
  }

  get #speed() {
    const calls = this.#calls.length;
    if (calls === 0) return 0;
    return Math.min(1, this.#servers / calls) / (1 + 0.004 * Math.max(0, calls - this.#servers));
  }

  #advance() {
    this.#given += this.#speed * (this.#time.now - this.#since);
    this.#since = this.#time.now;
  }

  #schedule() {
    const plan = ++this.#plan;
    if (this.#calls.length === 0) return;
    const when = this.#time.now + Math.max(0, (this.#calls[0].done - this.#given) / this.#speed);
    this.#time.at(when, () => {
      if (plan !== this.#plan) return;
      this.#advance();
      this.#calls.shift().resolve();
      this.#schedule();
    });
  }
}

/** The same numbers on every run (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

await main();
