/**
 * A program that uses every part of the package, over and over, failures included: what dashboards and alerts ask for is
 * there. Arguments: the address of a Redis. Prints where its metrics are. It also pushes them, to a place that takes two of
 * three.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  AsyncPool,
  CacheBudget,
  CacheManager,
  CircuitBreakerPolicy,
  LoadShedder,
  MemoryCache,
  MemoryOptimizer,
  PersistentCache,
  RedisCache,
  ResourceOptimizer,
  ResourceTracker,
  retry,
  RetryBudget,
  startPerformance,
  withTimeout,
} from '../../src/index.js';
import { instrumentHandler } from '../../src/integrations/http.js';
import { pretendLimits } from './limited-container.js';

const [redisUrl = 'redis://127.0.0.1:6379'] = process.argv.slice(2);

/** All keys there are: so the optimizer soon knows what more memory would save. */
const curve = { samples: 8192 };
const budget = new CacheBudget({ maxBytes: '256kb', name: 'shop' });
const products = new MemoryCache({ name: 'products', budget, curve });
const prices = new MemoryCache({ name: 'prices', budget, curve });
pretendLimits();
process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = await listen(fickleReceiver());
process.env['OTEL_METRIC_EXPORT_INTERVAL'] = '1000';
const performance = startPerformance({
  serviceName: 'busy',
  exporters: ['prometheus', 'otlp'],
  prometheus: { port: 0 },
  monitor: { resourceTracker: new ResourceTracker({ collectionInterval: '500ms' }) },
  optimizer: new ResourceOptimizer({
    autoOptimizeInterval: '250ms',
    memoryOptimizer: new MemoryOptimizer({ budgetSize: 'auto' }),
  }),
  tasks: { name: 'mail', limit: 2, maxQueued: 5 },
});
performance.optimizer.registerBudget(budget, { maxBytes: '2mb' });
performance.optimizer.startAutoOptimization();
await performance.ready;

const caches = [
  new CacheManager({ name: 'products', primary: products }),
  new CacheManager({ name: 'prices', primary: prices }),
];
const shared = new CacheManager({
  name: 'shared',
  primary: new MemoryCache({ maxSize: 50 }),
  secondary: new RedisCache({ url: redisUrl, prefix: 'busy' }),
});
const folder = mkdtempSync(join(tmpdir(), 'busy-app-'));
process.once('SIGTERM', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});
const onDisk = new CacheManager({
  name: 'pages',
  primary: new MemoryCache({ maxSize: 20 }),
  secondary: new PersistentCache({ cacheDir: folder }),
});
const failing = new CacheManager({
  name: 'failing',
  secondary: new RedisCache({ url: 'redis://127.0.0.1:1', prefix: 'nobody', readTimeout: '20ms' }),
});
const files = new AsyncPool({
  name: 'files',
  factory: () => ({}),
  maxSize: 1,
  maxQueued: 2,
  timeout: '20ms',
});
const broken = new AsyncPool({
  name: 'broken',
  factory: () => Promise.reject(new Error('no')),
  maxSize: 1,
  timeout: '20ms',
});
const db = new AsyncPool({
  name: 'orders',
  system: 'postgresql',
  factory: () => ({}),
  maxSize: 1,
  timeout: '30ms',
});
const breaker = new CircuitBreakerPolicy({ name: 'rates', failures: 3, firstWindow: '200ms' });
const retries = new RetryBudget();
const shedder = new LoadShedder({ name: 'http' });
/** Refuses early. */
const timid = new LoadShedder({ name: 'reports', maxLag: '2ms', minUtilization: 0.1 });

const shop = await listen(shopFront());

const VISITORS = 100;
const KEYS = 3000;
let round = 0;
const ignore = () => {};
const parts: readonly (() => unknown)[] = [
  () => performance.monitor.time('search', {}, () => delay(5 + 40 * Math.random() ** 4)),
  () => performance.monitor.time('product page', {}, () => delay(2)),
  () => performance.monitor.time('product page', {}, () => delay(2)),
  () => performance.monitor.time('checkout', {}, () => delay(3)),
  () =>
    performance.monitor.time('checkout', {}, async () => {
      if (round % 40 === 0) throw new TypeError('declined');
    }),
  () => performance.monitor.recordGauge('broken', Number.NaN),
  ...caches.map((cache) => () => Promise.allSettled(Array.from({ length: VISITORS }, () => visit(cache)))),
  () => shared.getOrSet(`shared ${round % 100}`, () => ({ round })),
  () => shared.delete(`shared ${(round * 7) % 100}`),
  () => onDisk.getOrSet(`page ${round % 200}`, () => 'x'.repeat(5000), { ttl: 5 }),
  () => failing.set('a', round),
  () => failing.get('a'),
  () => files.use(() => delay(5)),
  () => files.use(() => delay(5)),
  () => files.use(() => delay(30)),
  () => files.use(() => delay(5)),
  () => files.use(() => delay(5)),
  () => broken.use(ignore),
  () => db.use(() => delay(5)),
  () => db.use(() => delay(10)),
  () => db.use(() => delay(10)),
  () => performance.tasks.submit('send', () => delay(20)),
  () => performance.tasks.submit('send', () => delay(200), { timeout: '10ms' }),
  () =>
    performance.tasks.submit('send', async () => {
      throw new Error('mailbox full');
    }),
  () => performance.tasks.submit('send', () => delay(1), { queueTimeout: '1ms' }),
  () => performance.tasks.submit('send', () => delay(1)),
  () => performance.tasks.submit('send', () => delay(1)),
  () => performance.tasks.submit('send', () => delay(1)),
  () => retry(async () => 1, { name: 'rates', budget: retries }),
  () =>
    retry(
      async () => {
        if (Math.random() < 0.5) throw new Error('busy');
      },
      { name: 'rates', delay: 0.001, budget: retries },
    ),
  () => withTimeout(() => delay(50), '5ms', { name: 'slow' }),
  () =>
    breaker.execute(async () => {
      if (round % 20 < 5) throw new Error('down');
    }),
  ...['/products/7', '/products/8', '/checkout'].map((path) => async () => {
    const response = await fetch(shop + path);
    await response.text();
  }),
  () => shedder.shouldShed(),
  () => timid.shouldShed(),
];

function visit(cache: CacheManager): Promise<string> {
  return cache.getOrSet(`key ${Math.floor(Math.random() ** 2 * KEYS)}`, async () => {
    await delay(1);
    if (round % 50 === 7) throw new Error('origin');
    return 'x'.repeat(200);
  });
}

/** What pushes go to: two of three are taken. */
function fickleReceiver(): RequestListener {
  let pushes = 0;
  return (request, response) => {
    pushes += 1;
    response.statusCode = pushes % 3 === 0 ? 400 : 200;
    request.resume().once('end', () => response.end());
  };
}

/** Some requests fail. */
function shopFront(): RequestListener {
  return instrumentHandler(
    (request, response) => {
      response.statusCode = request.url === '/checkout' && round % 20 === 0 ? 500 : 200;
      setTimeout(() => response.end('ok'), 1 + 30 * Math.random() ** 3);
    },
    { routeOf: ({ url = '' }) => (url === '/checkout' ? url : '/products/:id') },
  );
}

/** Resolves to the address. */
async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

console.log(performance.metricsUrl);
for (;;) {
  round += 1;
  await Promise.allSettled(parts.map(async (part) => part()));
  await delay(5);
}
