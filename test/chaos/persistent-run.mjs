import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WORKERS = 5;
const SHARED_KEYS = 20;
const OWN_KEYS = 30;
/** A worker that has not ended this long after it should have is hung. */
const PATIENCE_MS = 15_000;

/**
 * One run: five processes write and read values of 20 to 40 KB with checksums in one folder, one of them is killed half
 * way, and a fresh one looks at what is left. Every count but `reads` and `writes` must be 0.
 *
 * @param {{ cache: string, options?: object, ms?: number, execArgv?: readonly string[] }} run
 *   cache: URL of the module with PersistentCache
 */
export async function runOnce({ cache, options = {}, ms = 600, execArgv = [] }) {
  const cacheDir = mkdtempSync(join(tmpdir(), 'perf-chaos-'));
  const start = (role, number) =>
    startWorker(role, number, { cache, options: { ...options, cacheDir }, ms, execArgv });
  try {
    const workers = Array.from({ length: WORKERS }, (_, number) => start('work', number));
    const victim = workers.at(-1);
    void victim.ready.then(() => setTimeout(() => victim.kill(), ms / 3 + Math.random() * (ms / 3)));
    const told = await Promise.all(workers.map((worker) => worker.ended));
    const check = start('check', WORKERS);
    const [checked] = [await check.ended];
    const committed = told.flatMap(({ committed: keys }) => keys);
    const kept = new Set(checked.kept);
    const sum = (field) => [...told, checked].reduce((total, one) => total + one[field], 0);
    return {
      torn: sum('torn'),
      failed: sum('failed'),
      lost: committed.filter((key) => !kept.has(key)).length,
      hung: [...told, checked].filter(({ isHung }) => isHung).length,
      reads: sum('reads'),
      writes: sum('writes'),
    };
  } finally {
    rmSync(cacheDir, { recursive: true, force: true, maxRetries: 5 });
  }
}

function startWorker(role, number, { cache, options, ms, execArgv }) {
  const child = fork(
    fileURLToPath(import.meta.url),
    [role, String(number), cache, JSON.stringify(options), String(ms)],
    {
      execArgv: [...execArgv],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  const told = {
    torn: 0,
    failed: 0,
    reads: 0,
    writes: 0,
    committed: [],
    kept: [],
    isHung: false,
    hasTold: false,
  };
  let isVictim = false;
  let becomeReady;
  const ready = new Promise((resolve) => (becomeReady = resolve));
  child.on('message', (message) => {
    if (message.ready) becomeReady();
    if (message.committed !== undefined) told.committed.push(message.committed);
    if (message.result !== undefined) Object.assign(told, message.result, { hasTold: true });
  });
  const ended = new Promise((resolve) => {
    const overdue = setTimeout(() => {
      told.isHung = true;
      child.kill('SIGKILL');
    }, ms + PATIENCE_MS);
    child.once('close', () => {
      clearTimeout(overdue);
      // Ended without a word, and not by us: it did nothing, which must not look like nothing went wrong.
      if (!told.hasTold && !isVictim && !told.isHung) told.failed += 1;
      resolve(told);
    });
  });
  const kill = () => {
    isVictim = true;
    child.kill('SIGKILL');
  };
  return { ready, ended, kill };
}

const checksumOf = (body) => createHash('sha1').update(body).digest('hex');

function valueOf(worker, n) {
  const body = `${worker}:${n}:`.padEnd(
    20_000 + ((worker * 31 + n) % 500) * 40,
    String.fromCharCode(97 + (n % 26)),
  );
  return { body, sum: checksumOf(body) };
}

const isWhole = (value) => checksumOf(value.body) === value.sum;

const roles = {
  async work(cache, { number, ms, result }) {
    process.send({ ready: true });
    const end = Date.now() + ms;
    for (let n = 0; Date.now() < end; n += 1) {
      const key = `shared:${Math.floor(Math.random() * SHARED_KEYS)}`;
      if (Math.random() < 0.5) await write(cache, key, valueOf(number, n), result);
      else await read(cache, key, result);
      // Written once, by this process alone: what it has told must be there to the end.
      if (n % 10 === 0 && n < OWN_KEYS * 10) {
        const own = `own:${number}:${n}`;
        if (await write(cache, own, valueOf(number, n), result)) process.send({ committed: own });
      }
      if (n % 20 === 0) await new Promise(setImmediate);
    }
  },
  async check(cache, { result }) {
    for (let n = 0; n < SHARED_KEYS; n += 1) await read(cache, `shared:${n}`, result);
    for (let worker = 0; worker < WORKERS; worker += 1) {
      for (let n = 0; n < OWN_KEYS; n += 1) {
        const key = `own:${worker}:${n * 10}`;
        if (await read(cache, key, result)) result.kept.push(key);
      }
    }
    result.torn += cache.damaged;
    await write(cache, 'after', valueOf(9, 9), result);
    if (!(await read(cache, 'after', result))) result.failed += 1;
  },
};

async function write(cache, key, value, result) {
  try {
    await cache.set(key, value);
    result.writes += 1;
    return true;
  } catch {
    result.failed += 1;
    return false;
  }
}

async function read(cache, key, result) {
  try {
    const value = await cache.get(key);
    result.reads += 1;
    if (value !== undefined && !isWhole(value)) result.torn += 1;
    return value !== undefined;
  } catch {
    result.failed += 1;
    return false;
  }
}

async function work() {
  const [, , role, number, cacheUrl, options, ms] = process.argv;
  const result = { torn: 0, failed: 0, reads: 0, writes: 0, kept: [] };
  const { PersistentCache } = await import(cacheUrl);
  const cache = new PersistentCache(JSON.parse(options));
  await roles[role](cache, { number: Number(number), ms: Number(ms), result });
  await cache.close();
  process.send({ result }, () => process.disconnect());
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.send !== undefined) void work();
