// A crowd of processes that ask for one missing key at the same moment.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { REDIS_PEERS } from './redis-peers.mjs';
import { startRedis } from './redis-server.mjs';

/** How long before the moment the processes are told of it. */
const NOTICE_MS = 30;
/** Who has not answered then hangs: the bench ends with an error, where it would wait for ever. */
const DEADLINE_MS = 30_000;
/** A timer is not exact to a millisecond, so the last of them are waited for by looking at the clock. */
const LAST_MS = 3;
const BUILT = new URL('../../dist/index.js', import.meta.url);

const CACHES = {
  'ours: getOrSet with lockLoads, Redis': async ({ port }) => {
    const { RedisCache } = await import(BUILT.href);
    const redis = new RedisCache({ url: `redis://127.0.0.1:${port}`, readTimeout: 1 });
    await redis.ready();
    return ourManager(redis);
  },
  'ours: getOrSet with lockLoads, files': async ({ folder }) => {
    const { PersistentCache } = await import(BUILT.href);
    return ourManager(new PersistentCache({ cacheDir: folder }));
  },
  ...Object.fromEntries(
    Object.entries(REDIS_PEERS).map(([name, open]) => [`${name}, Redis`, ({ port }) => open(port)]),
  ),
};

async function ourManager(secondary) {
  const { CacheManager } = await import(BUILT.href);
  const cache = new CacheManager({ secondary, lockLoads: '10s', defaultTtl: '1h' });
  return { load: (key, factory) => cache.getOrSet(key, factory), close: () => cache.close() };
}

/**
 * For each cache `{ name, calls, beyondMs }`: factory calls of each round, and for each process and round how much longer
 * than the factory it took, sorted.
 */
export async function crowdsOfProcesses({ processes, rounds, factoryMs }) {
  const { port, stop } = await startRedis();
  const folder = mkdtempSync(join(tmpdir(), 'perf-crowd-'));
  try {
    const results = [];
    for (const name of Object.keys(CACHES)) {
      results.push(await crowds(name, { port, folder, factoryMs }, { processes, rounds }));
    }
    return results;
  } finally {
    stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function crowds(name, settings, { processes, rounds }) {
  const members = await Promise.all(Array.from({ length: processes }, () => startMember(name, settings)));
  const [calls, beyondMs] = [[], []];
  // The first round is not kept: it compiles, and connects what connects on first use.
  for (let round = -1; round < rounds; round += 1) {
    // With its name, so that two libraries that write keys alike do not find each other's.
    const question = { key: `${name} ${round}`, at: monotonicMs() + NOTICE_MS };
    const answers = await Promise.all(members.map((member) => member.ask(question)));
    if (answers.some(({ isRight }) => !isRight)) throw new Error(`${name} gave something else`);
    if (round < 0) continue;
    calls.push(answers.reduce((sum, answer) => sum + answer.calls, 0));
    beyondMs.push(...answers.map((answer) => answer.tookMs - settings.factoryMs));
  }
  for (const member of members) member.stop();
  return { name, calls, beyondMs: beyondMs.toSorted((a, b) => a - b) };
}

async function startMember(name, settings) {
  const child = fork(fileURLToPath(import.meta.url), [name, JSON.stringify(settings)]);
  const answer = () =>
    new Promise((resolve, reject) => {
      const onExit = (code) => reject(new Error(`${name} ended with exit code ${code}`));
      const onDeadline = () => reject(new Error(`${name} did not answer within ${DEADLINE_MS} ms`));
      const late = setTimeout(onDeadline, DEADLINE_MS);
      child.once('exit', onExit);
      child.once('message', (message) => {
        clearTimeout(late);
        child.off('exit', onExit);
        resolve(message);
      });
    });
  await answer();
  return {
    ask(question) {
      child.send(question);
      return answer();
    },
    stop: () => child.kill(),
  };
}

async function takePart(name, settings) {
  const cache = await CACHES[name](settings);
  process.on(
    'message',
    (question) => void load(cache, question, settings).then((told) => process.send(told)),
  );
  process.send('ready');
}

async function load(cache, { key, at }, { factoryMs }) {
  let calls = 0;
  const factory = async () => {
    calls += 1;
    await sleep(factoryMs);
    return { key };
  };
  await sleep(at - monotonicMs() - LAST_MS);
  while (monotonicMs() < at);
  const value = await cache.load(key, factory);
  return { calls, tookMs: monotonicMs() - at, isRight: value?.key === key };
}

/** Of the machine's clock, which all processes share. */
function monotonicMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.send !== undefined) {
  void takePart(process.argv[2], JSON.parse(process.argv[3]));
}
