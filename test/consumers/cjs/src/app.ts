// A program compiled to CommonJS, so that its imports are `require` of ES modules; ends with an exception or prints `ok`.
import assert from 'node:assert/strict';
import { cached, getPerformanceMonitor, startPerformance, timer } from '@gary-zero/performance';
import { instrumentServer } from '@gary-zero/performance/http';

const parse = timer('parse')((text: string): unknown => JSON.parse(text));
const load = cached({ ttl: '1m' })(async (id: number) => ({ id }));

async function main(): Promise<void> {
  const perf = startPerformance({ prometheus: { port: 0 } });
  await perf.ready;
  assert.deepEqual(parse('{"a":1}'), { a: 1 });
  assert.deepEqual(await load(1), await load(1));
  assert.equal(typeof instrumentServer, 'function');

  const imported = await import('@gary-zero/performance');
  assert.equal(imported.getPerformanceMonitor(), getPerformanceMonitor(), 'one and the same by both ways');

  const page = await (await fetch(perf.metricsUrl!)).text();
  assert.match(page, /^perf_operation_duration_seconds_count\{perf_operation_name="parse"\} 1$/m);
  assert.match(page, /^perf_cache_lookups_total\{.*perf_cache_result="hit".*\} 1$/m);
  await perf.shutdown();
  console.log('ok');
}

void main();
