// What is bundled into one file; ends with an exception or prints `ok`.
import assert from 'node:assert/strict';
import { cached, CacheManager, MemoryCache, startPerformance, timer } from '@gary-zero/performance';
import { instrumentServer } from '@gary-zero/performance/http';

const perf = startPerformance({ serviceName: 'bundled', prometheus: { port: 0 } });
await perf.ready;
timer('work')(() => 1)();
const load = cached({ ttl: 60 })(async (id) => ({ id }));
assert.deepEqual(await load(1), await load(1));
const cache = new CacheManager({ name: 'users', primary: new MemoryCache({ maxSize: 10 }) });
assert.equal(await cache.getOrSet('a', async () => 1), 1);
assert.equal(typeof instrumentServer, 'function');
const page = await (await fetch(perf.metricsUrl)).text();
assert.match(page, /^perf_operation_duration_seconds_count\{perf_operation_name="work"\} 1$/m);
assert.match(page, /^perf_cache_lookups_total\{.*perf_cache_result="hit".*\} 1$/m);
assert.match(page, /^target_info\{.*service_name="bundled".*\} 1$/m);
assert.match(page, /^process_cpu_time_seconds_total\{cpu_mode="user"\} /m);
await perf.shutdown();
console.log('ok');
