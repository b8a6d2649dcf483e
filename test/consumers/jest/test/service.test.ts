import {
  cached,
  CacheManager,
  MemoryCache,
  startPerformance,
  timer,
  type Performance,
} from '@gary-zero/performance';

class Users {
  loads = 0;

  @cached({ ttl: 60 })
  @timer('users.load')
  async load(id: number): Promise<{ id: number }> {
    this.loads += 1;
    return { id };
  }
}

let perf: Performance;
beforeAll(async () => {
  perf = startPerformance({ serviceName: 'jest', prometheus: { port: 0 } });
  await perf.ready;
});
afterAll(() => perf.shutdown());

test('caches and times what is decorated', async () => {
  const users = new Users();
  expect(await users.load(1)).toEqual({ id: 1 });
  expect(await users.load(1)).toEqual({ id: 1 });
  expect(users.loads).toBe(1);

  const page = await (await fetch(perf.metricsUrl!)).text();
  expect(page).toMatch(/^perf_operation_duration_seconds_count\{perf_operation_name="users\.load"\} 1$/m);
});

test('takes a fake clock of Jest for nothing but its own timers', async () => {
  jest.useFakeTimers();
  try {
    const cache = new CacheManager({ name: 'faked', primary: new MemoryCache({ maxSize: 10 }) });
    expect(await cache.getOrSet('a', async () => 1)).toBe(1);
    expect(await cache.getOrSet('a', async () => 2)).toBe(1);
  } finally {
    jest.useRealTimers();
  }
});
