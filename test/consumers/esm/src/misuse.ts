// What the compiler must refuse, and the package too where the compiler is not asked.
import assert from 'node:assert/strict';
import {
  cached,
  MemoryCache,
  PerformanceError,
  retry,
  startPerformance,
  timer,
  withTimeout,
} from '@gary-zero/performance';

export function refused(): void {
  // @ts-expect-error an option that does not exist
  assert.throws(() => startPerformance({ servicename: 'shop' }), PerformanceError);
  // @ts-expect-error a size is a number
  assert.throws(() => new MemoryCache({ maxSize: 'many' }), PerformanceError);
  // @ts-expect-error an exporter that does not exist
  assert.throws(() => startPerformance({ exporters: ['statsd'] }), PerformanceError);
}

export function onlyTypes(): unknown[] {
  const double = timer('double')((n: number) => 2 * n);
  const load = cached({ ttl: 60 })(async (id: number) => ({ id }));
  return [
    // @ts-expect-error the arguments of the wrapped function are kept
    () => double('2'),
    // @ts-expect-error its result is kept
    (): string => double(2),
    // @ts-expect-error a cached function has the promise of the original
    async (): Promise<{ name: string }> => load(1),
    // @ts-expect-error attempts are counted
    () => retry(async () => 1, { maxAttempts: 'three' }),
    // @ts-expect-error a duration is a number or a text
    () => withTimeout(true, async () => 1),
  ];
}
