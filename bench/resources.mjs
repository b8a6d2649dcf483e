// What does it cost to look once at what machine and process use? CPU time of one sample, and child processes started.
//
// All look at CPU, memory, heap, event loop and garbage collections where they can. Ours also reads limits and
// throttling of the container, pressure, disks, network and open files; host-metrics reads the network, for which its
// default starts other processes: their CPU time is not part of the number, they are counted below the table.
//
// Samples are taken back to back, on a clock that moves 5 s each time. What ours and prom-client do in between (a timer,
// and a listener for garbage collections) is no part of the number: ours wakes up 50 times a second for the event loop.
// "collected": a reader of the stock SDK asks for everything that is published, as a scrape does.
import childProcess from 'node:child_process';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { createSuite } from './harness.mjs';
import { fromRoot } from './lib/from-root.mjs';
import { stockProvider } from './lib/ours.mjs';

const started = countChildProcesses();
const childrenOf = new Map();

const suite = createSuite('resources', {
  packages: [
    '@gary-zero/performance',
    '@opentelemetry/host-metrics',
    '@opentelemetry/sdk-metrics',
    'prom-client',
  ],
});

const baseline = 'ours: sample';
add(baseline, async () => {
  const { tracker } = await startedTracker();
  return async () => {
    await tracker.sample();
    return tracker.getLatestSnapshot();
  };
});
add('ours: sample, collected', async () => {
  const { tracker, reader } = await startedTracker();
  return async () => {
    await tracker.sample();
    return reader.collect();
  };
});
add('prom-client: default metrics', async () => {
  const { collectDefaultMetrics, Registry } = createRequire(import.meta.url)('prom-client');
  const register = new Registry();
  collectDefaultMetrics({ register });
  return () => register.getMetricsAsJSON();
});
add('host-metrics: without network', () =>
  hostMetrics(['system.cpu', 'system.memory', 'process.cpu', 'process.memory']),
);
add('host-metrics: defaults', () => hostMetrics());

await suite.run();
printChildren();

function add(name, setup) {
  let calls = 0;
  let children = 0;
  const verify = (result) => {
    if (result === undefined) throw new Error('gave nothing');
    childrenOf.set(name, children / calls);
  };
  const counted = async () => {
    const call = await setup();
    return async () => {
      const before = started.count;
      const result = await call();
      calls += 1;
      children += started.count - before;
      return result;
    };
  };
  suite.awaited(name, counted, { baseline: name === baseline ? undefined : baseline, verify });
}

async function startedTracker() {
  const { ResourceTracker } = await import(new URL('../dist/index.js', import.meta.url).href);
  const { meterProvider, reader } = stockProvider(suite);
  const tracker = new ResourceTracker({ meterProvider, clock: steppingClock() });
  await tracker.start();
  suite.onClose(() => tracker.stop());
  return { tracker, reader };
}

/** Two samples so close to each other that they would tell nothing are otherwise one. */
function steppingClock() {
  let now = 0;
  return {
    now: () => (now += 5000),
    wallNow: () => Date.now(),
    every: () => () => {},
    after: () => () => {},
  };
}

function hostMetrics(metricGroups) {
  const { HostMetrics } = fromRoot('@opentelemetry/host-metrics');
  const { meterProvider, reader } = stockProvider(suite);
  new HostMetrics({ meterProvider, ...(metricGroups && { metricGroups }) }).start();
  return () => reader.collect();
}

/** Before anything is loaded that may keep the functions. */
function countChildProcesses() {
  const counter = { count: 0 };
  // Some of them call others.
  let isInside = false;
  for (const name of ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork']) {
    const original = childProcess[name];
    childProcess[name] = (...given) => {
      if (!isInside) counter.count += 1;
      isInside = true;
      try {
        return original(...given);
      } finally {
        isInside = false;
      }
    };
  }
  syncBuiltinESMExports();
  return counter;
}

function printChildren() {
  const isJson = process.argv.includes('--json');
  if (!isJson) console.log('\nchild processes started by one call:');
  for (const [name, children] of childrenOf) {
    const rounded = Number(children.toFixed(2));
    if (isJson) console.log(JSON.stringify({ bench: 'resources', case: name, childProcesses: rounded }));
    else console.log(`  ${name}: ${rounded}`);
  }
}
