// What does a cache on disk cost: a get, an overwrite, an insert of values of about 1 KiB, and opening a full folder?
//
// Input and output dominate, so whole loops are timed by the wall clock: every engine does 2,000 calls one after the
// other per round, the rounds take turns and the median counts. The first read of each is checked. All engines work in
// the same folder, JSON text, with a time to live, and without flushing each write:
// - files: PersistentCache with the engine `files`, which is its default.
// - sqlite: PersistentCache with the engine `sqlite`, where Node has SQLite.
// - bentocache: its file driver as the only tier, called through its cache as an application does (`ns.get`, `ns.set`).
// - cacache: `put` and `get` with memoization off, JSON by hand; it has no time to live.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import cacache from 'cacache';
import { BentoCache, bentostore } from 'bentocache';
import { fileDriver } from 'bentocache/drivers/file';
import { PersistentCache } from '../dist/index.js';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    calls: { type: 'string', default: '2000' },
    entries: { type: 'string', default: '100000' },
    folder: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
  },
});
const [rounds, calls, entries] = [Number(flags.rounds), Number(flags.calls), Number(flags.entries)];

const VALUE = {
  id: 7,
  name: 'Ada',
  tags: ['a', 'b'],
  bio: 'x'.repeat(880),
  scores: [1, 2, 3],
  at: 1_700_000_000,
};
const folder = mkdtempSync(join(flags.folder, 'perf-bench-'));

const engines = {
  files: () => ownEngine('files'),
  ...(process.getBuiltinModule('node:sqlite') !== undefined && { sqlite: () => ownEngine('sqlite') }),
  bentocache: () => {
    const driver = fileDriver({ directory: join(folder, 'bentocache'), pruneInterval: false });
    const cache = new BentoCache({
      default: 'file',
      ttl: '1h',
      stores: { file: bentostore().useL2Layer(driver) },
    });
    return {
      get: (key) => cache.get({ key }),
      set: (key) => cache.set({ key, value: VALUE }),
      close: () => cache.disconnectAll(),
    };
  },
  cacache: () => {
    const path = join(folder, 'cacache');
    return {
      get: async (key) => JSON.parse((await cacache.get(path, key, { memoize: false })).data.toString()),
      set: (key) => cacache.put(path, key, JSON.stringify(VALUE), { memoize: false }),
      close: () => Promise.resolve(),
    };
  },
};

const ours = Object.keys(engines).filter((name) => ['files', 'sqlite'].includes(name));

try {
  const results = await compare();
  const opened = [];
  for (const engine of ours) opened.push(await openFull(engine));
  print(results, opened);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function ownEngine(engine) {
  const cache = new PersistentCache({ engine, cacheDir: join(folder, engine), defaultTtl: 3600 });
  return {
    get: async (key) => (await cache.getEntry(key))?.value,
    set: (key) => cache.setEntry(key, { value: VALUE, grace: 0 }),
    setMany: (keys) => cache.setEntries(new Map(keys.map((key) => [key, { value: VALUE, grace: 0 }]))),
    close: () => cache.close(),
  };
}

/** Calls a second of each engine and kind of call, one sample a round. */
async function compare() {
  const running = Object.entries(engines).map(([name, open]) => ({ name, engine: open(), samples: {} }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, engine, samples } of running) {
      const fresh = Array.from({ length: calls }, (_, i) => `key:${round}:${i}`);
      await timed(samples, 'insert', round, fresh, (key) => engine.set(key));
      await timed(samples, 'overwrite', round, fresh, (key) => engine.set(key));
      await timed(samples, 'get', round, fresh, (key) => engine.get(key));
      if (engine.setMany !== undefined) await timedMany(samples, round, engine);
      const read = await engine.get(fresh.at(-1));
      if (read?.bio !== VALUE.bio) throw new Error(`${name} did not keep its value`);
    }
  }
  await Promise.all(running.map(({ engine }) => engine.close()));
  return running;
}

/** The first round is not kept: it finds folders to make and code to compile. */
async function timed(samples, kind, round, keys, call) {
  const start = performance.now();
  for (const key of keys) await call(key);
  const perSecond = keys.length / ((performance.now() - start) / 1000);
  if (round > 0) (samples[kind] ??= []).push(perSecond);
}

/** Entries a second, a hundred of them a call. */
async function timedMany(samples, round, engine) {
  const start = performance.now();
  for (let from = 0; from < calls; from += 100) {
    await engine.setMany(Array.from({ length: 100 }, (_, i) => `many:${round}:${from + i}`));
  }
  const perSecond = calls / ((performance.now() - start) / 1000);
  if (round > 0) (samples['set many'] ??= []).push(perSecond);
}

/** Milliseconds from the constructor to the first value, with many entries in the folder. */
async function openFull(engine) {
  const cacheDir = join(folder, `full-${engine}`);
  const filler = new PersistentCache({ engine, cacheDir });
  for (let i = 0; i < entries; i += 1) await filler.setEntry(`key:${i}`, { value: VALUE, grace: 0 });
  await filler.close();
  const samples = [];
  for (let round = 0; round < 20; round += 1) {
    const start = performance.now();
    const cache = new PersistentCache({ engine, cacheDir });
    const entry = await cache.getEntry(`key:${entries - 1 - round}`);
    samples.push(performance.now() - start);
    if (entry?.value.bio !== VALUE.bio) throw new Error('the full folder lost an entry');
    await cache.close();
  }
  const clearing = new PersistentCache({ engine, cacheDir });
  await clearing.getEntry('key:0');
  const start = performance.now();
  await clearing.clear();
  const clearMs = performance.now() - start;
  await clearing.close();
  return { engine, entries, openMs: median(samples), firstOpenMs: samples[0], clearMs };
}

function print(results, opened) {
  const medians = Object.fromEntries(
    results.map(({ name, samples }) => [
      name,
      Object.fromEntries(Object.entries(samples).map(([call, list]) => [call, median(list)])),
    ]),
  );
  const rows = Object.entries(medians).flatMap(([engine, kinds]) =>
    Object.entries(kinds).map(([call, perSecond]) => {
      const row = { engine, call, perSecond: Math.round(perSecond) };
      for (const own of ours) row[`${own}Is`] = medians[own][call] / perSecond;
      return row;
    }),
  );
  if (flags.json) {
    for (const row of [...rows, ...opened])
      console.log(JSON.stringify({ bench: 'cache-persistent', ...row }));
    return;
  }
  console.log(
    `node ${process.version}, ${calls} calls a round, ${rounds} rounds, values of 1 KiB, in ${flags.folder}`,
  );
  for (const row of rows) {
    const ratios = ours.map((own) => `${own} is ${row[`${own}Is`].toFixed(1)} x as fast`).join(', ');
    const told = ours.includes(row.engine) ? '' : ratios;
    console.log(
      `${row.call.padEnd(10)} ${row.engine.padEnd(11)} ${String(row.perSecond).padStart(8)} /s   ${told}`,
    );
  }
  for (const { engine, openMs, firstOpenMs, clearMs } of opened) {
    console.log(
      `${engine} with ${entries} entries: open and first get ${openMs.toFixed(2)} ms, ` +
        `the first time ${firstOpenMs.toFixed(2)} ms; clear ${clearMs.toFixed(2)} ms`,
    );
  }
}

function median(list) {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
