// The application of the soak: caches over Redis and over a disk, background tasks, timed and measured handlers, metrics
// scraped and pushed. Its parent, soak.mjs, asks it over the channel for samples and for what is to happen to it.
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Health } from './health.mjs';

const LOAD_MS = 2;
/** Some do not end in their time: what is left of them has to go as well. */
const TASK_TIMEOUT = 0.05;
const LONG_TASK_MS = 200;

const settings = JSON.parse(process.argv[2]);
const health = new Health();

const { CacheManager, MemoryCache, PersistentCache, RedisCache, startPerformance, timer } = await import(
  new URL('index.js', settings.dist).href
);
const { instrumentServer } = await import(new URL('integrations/http.js', settings.dist).href);

const perf = startPerformance({
  serviceName: 'soak',
  exporters: ['prometheus', 'otlp'],
  prometheus: { port: 0 },
  optimizer: { autoOptimizeInterval: 2 },
});
await perf.ready;

const redis = new RedisCache({ url: settings.redisUrl, prefix: 'soak:' });
const caches = {
  products: new CacheManager({
    name: 'products',
    primary: new MemoryCache({ maxSize: 200, defaultTtl: 2 }),
    secondary: redis,
  }),
  pages: new CacheManager({
    name: 'pages',
    primary: new MemoryCache({ maxSize: 100, defaultTtl: 2 }),
    secondary: new PersistentCache({ cacheDir: settings.cacheDir, maxBytes: '8mb', defaultTtl: 5 }),
  }),
};

const counts = { gets: { products: 0, pages: 0 }, tasks: 0, unexpected: 0 };

const render = timer('render')(async (id) => {
  await sleep(LOAD_MS);
  return { id, text: 'x'.repeat(500) };
});

const ROUTES = {
  '/products/:id': (id) => cached('products', id),
  '/pages/:id': (id) => cached('pages', id),
  '/tasks/:kind': (kind) => submit(kind),
  '/fails/:id': (id) => {
    throw new RangeError(`there is no ${id}`);
  },
  '/hangs/:id': (_, response) => {
    response.writeHead(200).write('some of it');
    return undefined;
  },
};

const server = createServer((request, response) => void answer(request, response));
instrumentServer(server, { routeOf: ({ url }) => routeOf(url)?.route });
server.listen(0, '127.0.0.1', () => {
  const urls = { app: `http://127.0.0.1:${server.address().port}`, metrics: perf.metricsUrl };
  process.send({ kind: 'ready', urls });
});

process.on('message', ({ id, question, argument }) => {
  void QUESTIONS[question](argument).then((reply) => process.send({ kind: 'answer', id, reply }));
});

const QUESTIONS = {
  sample: async () => health.sample(),
  /** What the application itself has counted, when nothing is under way any more. */
  async counts() {
    await perf.tasks.drain({ timeout: 5 });
    const stats = Object.values(caches).map((cache) => cache.stats());
    return {
      ...counts,
      lookups: stats.reduce((sum, { hits, misses }) => sum + hits + misses, 0),
      ended: Object.values(perf.tasks.stats().ended).reduce((sum, count) => sum + count, 0),
      wrong: health.wrong,
      halfFiles: halfWritten().length,
    };
  },
  /** The wall clock of the machine goes wrong by so many milliseconds, and stays so. */
  async jump(ms) {
    health.jump(ms);
  },
  async fillDisk(isFull) {
    health.isDiskFull = isFull;
  },
  async stop() {
    server.close();
    server.closeAllConnections();
    for (const cache of Object.values(caches)) await cache.close();
    await perf.shutdown();
    // What keeps the process alive from here on is a leak.
    setImmediate(() => process.disconnect());
  },
};

async function answer(request, response) {
  const { route, last } = routeOf(request.url) ?? {};
  try {
    const body = route === undefined ? undefined : await ROUTES[route](last, response);
    if (response.headersSent) return;
    response.writeHead(route === undefined ? 404 : 200).end(JSON.stringify(body ?? null));
  } catch (error) {
    if (!(error instanceof RangeError)) counts.unexpected += 1;
    if (!response.headersSent) response.writeHead(500).end();
  }
}

function routeOf(url) {
  const [, first, last] = url.split('/');
  const route = Object.keys(ROUTES).find((one) => one.startsWith(`/${first}/`));
  return route === undefined ? undefined : { route, last };
}

function cached(name, id) {
  counts.gets[name] += 1;
  return caches[name].getOrSet(id, () => render(id), { tags: [`kind:${id.length}`] });
}

function halfWritten() {
  return readdirSync(settings.cacheDir, { recursive: true }).filter((name) => name.endsWith('.tmp'));
}

/** Nobody waits for them. */
function submit(kind) {
  counts.tasks += 1;
  perf.tasks.submit(
    kind,
    async ({ signal }) => {
      await sleep(kind === 'long' ? LONG_TASK_MS : LOAD_MS, undefined, { signal });
      if (kind === 'failing') throw new TypeError('as expected');
    },
    { timeout: TASK_TIMEOUT },
  );
  return { submitted: kind };
}
