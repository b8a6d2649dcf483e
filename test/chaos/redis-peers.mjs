// What other libraries do with their defaults when Redis is stopped, if they are installed (npm ci --prefix bench).
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { answerWith, startChild } from './redis-child.mjs';
import { openStage } from './redis-outages.mjs';
import { monotonicMs } from './redis-time.mjs';

const PATIENCE_MS = 22_000;
const PEERS = ['bentocache', 'cacheable', 'cache-manager', 'layered-loader'];

/** A line for each peer: how long a load of a key that nobody has took, and one that began a second later. */
export async function hangingPeers() {
  if (!existsSync(new URL('../../bench/node_modules/', import.meta.url))) {
    return 'peers: not installed (npm ci --prefix bench)';
  }
  const stage = await openStage({});
  const child = await startChild('redis-peers.mjs', { port: stage.server.port });
  try {
    await child.ask('warmUp');
    stage.server.signal('SIGSTOP');
    const times = await child.ask('read');
    const lines = times.map(
      ([name, ...waits]) => `  ${name.padEnd(16)}${waits.map(inWords).join(', then ')}`,
    );
    return ['peers with their defaults, Redis stopped, two loads:', ...lines].join('\n');
  } catch (error) {
    return `peers: not measured: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    child.kill();
    stage.close();
  }
}

function inWords(ms) {
  return ms >= PATIENCE_MS - 1500 ? `none within ${Math.round(ms / 1000)} s` : `${Math.round(ms)} ms`;
}

async function peersOn({ port }) {
  const { REDIS_PEERS } = await import('../../bench/lib/redis-peers.mjs');
  const peers = await Promise.all(PEERS.map(async (name) => [name, await REDIS_PEERS[name](port)]));
  return {
    warmUp: () => Promise.all(peers.map(([, { load }]) => load('warm', async () => 1))),
    read: () =>
      Promise.all(
        peers.map(async ([name, { load }]) => {
          const end = monotonicMs() + PATIENCE_MS;
          const first = waited(load, 'first', end);
          await sleep(1000);
          const second = waited(load, 'second', end);
          return [name, await first, await second];
        }),
      ),
  };
}

/** Milliseconds until it settled, whatever came of it, or until the end. */
async function waited(load, key, end) {
  const start = monotonicMs();
  const settled = load(key, async () => 1).then(
    () => {},
    () => {},
  );
  await Promise.race([settled, sleep(end - start)]);
  return monotonicMs() - start;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) void answerWith(peersOn);
