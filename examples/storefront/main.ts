// A shop under load, measured. `npm run demo -- --help` tells what it can do.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  MemoryOptimizer,
  PerformanceError,
  ResourceTracker,
  startPerformance,
  type Performance,
} from '@gary-zero/performance';
import { parseArguments, USAGE, UsageError, type DemoOptions } from './arguments.js';
import { BackgroundJob } from './background-job.js';
import { Checkout } from './checkout.js';
import { DecisionStory } from './decision-story.js';
import type { KeySource } from './key-source.js';
import { LiveView } from './live-view.js';
import { Load } from './load.js';
import { Problems } from './problems.js';
import { ProductStore } from './product-store.js';
import { seededRandom } from './random.js';
import { Recommender } from './recommender.js';
import { Rush } from './rush.js';
import { PortError, Service } from './service.js';
import { Sessions } from './sessions.js';
import { ShopCaches } from './shop-caches.js';
import { stopSignal } from './stop-signals.js';
import { describe, summarize, type Summary } from './summary.js';
import { readTrace, TraceError } from './trace.js';
import { ShiftingPopularity, ZipfSampler } from './zipf.js';

const SEED = 42;
const PRODUCTS = 8000;
const VISITORS = 30_000;
const REQUESTS_PER_SECOND = 800;
/** Without an end the story begins again after so long; otherwise it is told once. */
const STORY_SECONDS = 60;
/** What the caches may have at most, if the optimizer finds that it pays. */
const MOST_CACHE_BYTES = '16mb';

process.exitCode = await main();

async function main(): Promise<number> {
  const stop = stopSignal();
  try {
    const options = parseArguments(process.argv.slice(2), process.env['INIT_CWD'] ?? process.cwd());
    if (options === 'help') {
      console.log(USAGE);
      return 0;
    }
    return await run(options, stop);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\nnpm run demo -- --help tells what there is`);
      return 2;
    }
    const isExpected = [PerformanceError, PortError, TraceError].some((known) => error instanceof known);
    console.error(isExpected ? (error as Error).message : error);
    return 1;
  }
}

async function run(options: DemoOptions, stop: AbortSignal): Promise<number> {
  const rush = new Rush({ periodSeconds: options.seconds ?? STORY_SECONDS });
  const keys = await keySource(options, rush);
  const perf = startPerformance({
    serviceName: 'storefront',
    monitor: { resourceTracker: new ResourceTracker({ collectionInterval: 1 }) },
    optimizer: {
      // An application would let it look every few minutes, and only advise at first.
      autoOptimizeInterval: 0.5,
      memoryOptimizer: new MemoryOptimizer({ budgetSize: 'auto' }),
    },
    ...(options.metricsPort !== undefined && { prometheus: { port: options.metricsPort } }),
  });
  try {
    const metrics = await metricsState(perf, options);
    const problems = new Problems();
    const summary = await openShop({ options, perf, rush, keys, metrics, problems }, stop);
    console.log(options.json ? JSON.stringify(summary, undefined, 2) : describe(summary));
    for (const message of problems.messages) console.error(`unexpected: ${message}`);
    if (problems.count > 0) console.error(`${problems.count} unexpected errors in all`);
    return problems.count === 0 ? 0 : 1;
  } finally {
    await perf.shutdown();
  }
}

interface Parts {
  readonly options: DemoOptions;
  readonly perf: Performance;
  readonly rush: Rush;
  readonly keys: KeySource;
  /** Where the metrics are, or why they are not. */
  readonly metrics: string;
  readonly problems: Problems;
}

/** Opens the shop, lets visitors in and closes it again when it is time. */
async function openShop(
  { options, perf, rush, keys, metrics, problems }: Parts,
  stop: AbortSignal,
): Promise<Summary> {
  const { monitor, optimizer } = perf;
  const stream = options.json ? process.stderr : process.stdout;
  const caches = new ShopCaches();
  const story = new DecisionStory();
  optimizer.addListener(story);
  optimizer.registerBudget(caches.budget, { maxBytes: MOST_CACHE_BYTES });
  const store = new ProductStore(caches, seededRandom(SEED + 1));
  const checkout = new Checkout(monitor, store, seededRandom(SEED + 2));
  const job = new BackgroundJob({
    monitor,
    sold: checkout.sold,
    onUnexpected: (error) => problems.add('background job', error),
  });
  optimizer.registerCacheCleanup(() => job.forgetSlowSellers());
  const service = new Service({
    monitor,
    store,
    sessions: new Sessions(caches, seededRandom(SEED + 4)),
    recommender: new Recommender(caches, rush, seededRandom(SEED + 5)),
    checkout,
    bestsellers: () => job.bestsellers,
    onUnexpected: (error) => problems.add('service', error),
  });
  const serviceUrl = await service.listen(options.port);
  const load = new Load({
    url: serviceUrl,
    keys,
    visitors: new ZipfSampler({ products: VISITORS, exponent: 0.7, random: seededRandom(SEED + 6) }),
    random: seededRandom(SEED + 3),
    requestsPerSecond: REQUESTS_PER_SECOND,
    onUnexpected: (error) => problems.add('visitor', error),
  });
  stream.write(`shop      ${serviceUrl}\nmetrics   ${metrics}\n`);
  stream.write(`visitors  ${REQUESTS_PER_SECOND} requests/s; ${keys.description}\n`);
  stream.write(options.seconds === undefined ? 'Ctrl-C ends it\n' : `ends after ${options.seconds} s\n`);

  const start = performance.now();
  const view = new LiveView({ perf, caches, service, keys, story, stream });
  job.start();
  load.start();
  view.start();
  try {
    await timeToClose(options.seconds, stop);
  } finally {
    view.stop();
    await load.stop();
    job.stop();
    await service.close();
  }
  const seconds = (performance.now() - start) / 1000;
  return summarize({ perf, caches, service, load, keys, story, problems, serviceUrl, seconds });
}

async function keySource({ trace }: DemoOptions, rush: Rush): Promise<KeySource> {
  if (trace !== undefined) return readTrace(trace);
  return new ShiftingPopularity({
    products: PRODUCTS,
    exponent: 0.95,
    rush,
    shiftedRanks: 2000,
    random: seededRandom(SEED),
  });
}

/** A port that was asked for must work; without the usual one the shop opens all the same. */
async function metricsState(perf: Performance, { metricsPort }: DemoOptions): Promise<string> {
  try {
    await perf.ready;
  } catch (error) {
    if (metricsPort !== undefined) throw error;
    return error instanceof Error ? error.message : String(error);
  }
  if (perf.metricsUrl !== undefined) return perf.metricsUrl;
  if (metricsPort !== undefined) {
    throw new UsageError('--metrics-port is of no use: the environment (OTEL_…) turns /metrics off');
  }
  return 'not served: the environment (OTEL_…) turns /metrics off';
}

async function timeToClose(seconds: number | undefined, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return;
  if (seconds === undefined) await once(stop, 'abort');
  else await delay(seconds * 1000, undefined, { signal: stop }).catch(() => {});
}
