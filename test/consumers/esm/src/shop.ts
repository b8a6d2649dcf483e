// A strict program in ES modules, without any framework installed; ends with an exception or prints `ok`.
import assert from 'node:assert/strict';
import { cached, MemoryCache, startPerformance, timer, type CacheTier } from '@gary-zero/performance';
import * as express from '@gary-zero/performance/express';
import * as fastify from '@gary-zero/performance/fastify';
import * as hono from '@gary-zero/performance/hono';
import * as http from '@gary-zero/performance/http';
import * as nestjs from '@gary-zero/performance/nestjs';
import { tierContract } from '@gary-zero/performance/testing';
import { refused } from './misuse.js';

class Shop {
  loads = 0;

  @timer('shop.price')
  async price(article: number): Promise<number> {
    await Promise.resolve();
    return 10 * article;
  }

  @cached({ ttl: '1m' })
  async load(article: number): Promise<{ article: number }> {
    this.loads += 1;
    return { article };
  }
}

refused();
const perf = startPerformance({ serviceName: 'consumer', prometheus: { port: 0 } });
await perf.ready;

const shop = new Shop();
assert.equal(await shop.price(7), 70);
const [first, second] = [await shop.load(7), await shop.load(7)];
assert.deepEqual([first, second], [{ article: 7 }, { article: 7 }]);
assert.equal(shop.loads, 1);
const tier: CacheTier = new MemoryCache({ maxSize: 10 });
for (const contractCase of tierContract) assert.equal(typeof contractCase.title, 'string');
assert.equal(typeof tier.traits.canFail, 'boolean');

const functions = [
  express.expressPerformance,
  fastify.fastifyPerformance,
  hono.honoPerformance,
  http.instrumentServer,
  nestjs.PerformanceModule.forRoot,
];
for (const one of functions) assert.equal(typeof one, 'function');

const page = await (await fetch(perf.metricsUrl!)).text();
assert.match(page, /^perf_operation_duration_seconds_count\{perf_operation_name="shop.price"\} 1$/m);
assert.match(page, /^target_info\{.*service_name="consumer".*\} 1$/m);
assert.match(page, /^perf_cache_lookups_total\{.*perf_cache_result="hit".*\} 1$/m);
await perf.shutdown();
console.log('ok');
