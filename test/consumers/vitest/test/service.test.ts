import { cached, startPerformance, timer } from '@gary-zero/performance';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

let perf: ReturnType<typeof startPerformance>;
beforeAll(async () => {
  perf = startPerformance({ serviceName: 'vitest', prometheus: { port: 0 } });
  await perf.ready;
});
afterAll(() => perf.shutdown());

test('caches and times functions', async () => {
  const load = vi.fn(async (id: number) => ({ id }));
  const users = cached({ ttl: 60 })(timer('users.load')(load));
  expect(await users(1)).toEqual({ id: 1 });
  expect(await users(1)).toEqual({ id: 1 });
  expect(load).toHaveBeenCalledTimes(1);

  const page = await (await fetch(perf.metricsUrl!)).text();
  expect(page).toMatch(/^perf_operation_duration_seconds_count\{perf_operation_name="users\.load"\} 1$/m);
});
