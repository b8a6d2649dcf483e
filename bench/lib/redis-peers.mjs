import { fromRoot } from './from-root.mjs';

const HOUR_MS = 3_600_000;

/**
 * How the libraries we compare with load on a miss, each with a memory tier, Redis below it, and its defaults. Given the
 * port of a Redis they make `{ load(key, factory), close }`.
 */
export const REDIS_PEERS = {
  bentocache: async (port) => {
    const { BentoCache, bentostore } = await import('bentocache');
    const { memoryDriver } = await import('bentocache/drivers/memory');
    const { redisDriver } = await import('bentocache/drivers/redis');
    const client = connect(port);
    const store = bentostore()
      .useL1Layer(memoryDriver({ maxItems: 1000 }))
      .useL2Layer(redisDriver({ connection: client }));
    const cache = new BentoCache({ default: 'tiers', ttl: HOUR_MS, stores: { tiers: store } });
    return {
      load: (key, factory) => cache.getOrSet({ key, factory }),
      close: () => client.disconnect(),
    };
  },
  cacheable: async (port) => {
    const { Cacheable } = await import('cacheable');
    const secondary = await keyvRedis(port);
    const cache = new Cacheable({ secondary, ttl: HOUR_MS });
    cache.on('error', () => {});
    return { load: (key, factory) => cache.getOrSet(key, factory), close: () => secondary.disconnect(true) };
  },
  'cache-manager': async (port) => {
    const { createCache } = await import('cache-manager');
    const { Keyv } = await import('keyv');
    const store = await keyvRedis(port);
    const cache = createCache({ ttl: HOUR_MS, stores: [new Keyv(), new Keyv({ store })] });
    return { load: (key, factory) => cache.wrap(key, factory), close: () => store.disconnect(true) };
  },
  'layered-loader': async (port) => {
    const { Loader } = await import('layered-loader');
    const { RedisCache } = await import('layered-loader/redis');
    const client = connect(port);
    const factories = new Map();
    const loader = new Loader({
      inMemoryCache: { cacheType: 'lru-object', ttlInMsecs: HOUR_MS, maxItems: 1000 },
      asyncCache: new RedisCache(client, { json: true, ttlInMsecs: HOUR_MS, prefix: 'layered' }),
      dataSourceGetOneFn: (key) => factories.get(key)(),
    });
    const load = (key, factory) => {
      factories.set(key, factory);
      return loader.get(key);
    };
    return { load, close: () => client.disconnect() };
  },
};

function connect(port) {
  const { Redis } = fromRoot('ioredis');
  const client = new Redis(port, '127.0.0.1');
  client.on('error', () => {});
  return client;
}

async function keyvRedis(port) {
  const { default: KeyvRedis } = await import('@keyv/redis');
  const store = new KeyvRedis(`redis://127.0.0.1:${port}`);
  store.on('error', () => {});
  return store;
}
