// Compiled in each decorator dialect and run by test/e2e/consumers.test.ts; ends with an exception or prints `ok`.
import assert from 'node:assert/strict';
import {
  asyncRetry,
  asyncTimeout,
  asyncTimer,
  autoOptimize,
  cached,
  getCacheManager,
  getPerformanceMonitor,
  getResourceOptimizer,
  timer,
  TimeoutError,
} from '@gary-zero/performance';

class Declined extends Error {
  override name = 'Declined';
}

/** A query builder: runs when somebody calls `then`. */
class Query {
  runs = 0;
  #table = '';
  from(table: string): this {
    this.#table = table;
    return this;
  }
  then<R>(resolve: (rows: string[]) => R): Promise<R> {
    this.runs += 1;
    return Promise.resolve([this.#table]).then(resolve);
  }
}

class Base {
  protected prefix = 'base';

  @timer('greet')
  greet(name: string, mark = '!'): string {
    return `${this.prefix} ${name}${mark}`;
  }

  @timer('inherited')
  inherited(): string {
    return this.prefix;
  }
}

class Service extends Base {
  loads = 0;
  protected override prefix = 'service';

  static made = 0;

  @timer('create')
  static create(): Service {
    Service.made += 1;
    return new this();
  }

  @timer('greet.service')
  override greet(name: string): string {
    return super.greet(name, '?');
  }

  @asyncTimer('fetch')
  async fetch(id: number): Promise<{ id: number }> {
    await Promise.resolve();
    return { id };
  }

  @timer('fails')
  fails(): never {
    throw new Declined('no');
  }

  @asyncTimer('rejects')
  async rejects(error: unknown): Promise<never> {
    await Promise.resolve();
    throw error;
  }

  @timer('numbers')
  *numbers(): Generator<number, string, void> {
    yield 1;
    yield 2;
    return 'end';
  }

  @timer('stream')
  async *stream(): AsyncGenerator<number, void, void> {
    yield 1;
    yield 2;
  }

  @timer('query')
  query(): Query {
    return new Query();
  }

  @timer('size')
  get size(): number {
    return this.prefix.length;
  }

  @cached({ ttl: 60 })
  @timer('load')
  async load(id: number, options?: { full: boolean }): Promise<{ id: number; full: boolean }> {
    this.loads += 1;
    await Promise.resolve();
    return { id, full: options?.full ?? false };
  }

  @cached({ ttl: '1m', keyFunc: (id: number) => `double:${id}` })
  double(id: number): number {
    this.loads += 1;
    return 2 * id;
  }

  failures = 0;

  @asyncRetry({ maxAttempts: 3, delay: '1ms' })
  async flaky(failures: number): Promise<string> {
    this.failures += 1;
    await Promise.resolve();
    if (this.failures <= failures) throw new Declined('not yet');
    return `${this.prefix} after ${this.failures}`;
  }

  @asyncTimeout('1m')
  async quick(id: number): Promise<{ id: number }> {
    return this.fetch(id);
  }

  @asyncTimeout('5ms')
  async endless(): Promise<never> {
    return new Promise<never>(() => {});
  }

  @autoOptimize({ memoryThreshold: 0.8, cpuThreshold: 0.8, cache: { ttl: '1m' }, concurrency: true })
  async heavy(id: number): Promise<string> {
    this.loads += 1;
    await Promise.resolve();
    return `${this.prefix} ${id}`;
  }

  @autoOptimize({ shed: true })
  light(): string {
    return this.prefix;
  }

  @autoOptimize({ memoryThreshold: 0.9 })
  static describe(): string {
    return this.name;
  }
}

const monitor = getPerformanceMonitor();
const count = (operation: string) => monitor.getPerformanceSummary().operationMetrics[operation]?.count ?? 0;
const errors = (operation: string) =>
  monitor.getPerformanceSummary().operationMetrics[operation]?.errors ?? 0;

async function main(): Promise<void> {
  const service = Service.create();
  assert.equal(Service.made, 1);
  assert.equal(count('create'), 1);

  assert.equal(service.greet('you'), 'service you?');
  assert.equal(count('greet.service'), 1, 'the override is timed');
  assert.equal(count('greet'), 1, 'and the method it overrides');
  assert.equal(service.inherited(), 'service');
  assert.equal(Service.prototype.fetch.name, 'fetch');
  assert.equal(Service.prototype.fetch.length, 1);
  assert.equal(service.size, 7);
  assert.equal(count('size'), 1);

  assert.deepEqual(await service.fetch(7), { id: 7 });
  assert.equal(count('fetch'), 1);

  assert.throws(() => service.fails(), Declined);
  assert.equal(errors('fails'), 1);
  const cause = new Declined('later');
  await assert.rejects(service.rejects(cause), (error) => error === cause);
  assert.equal(errors('rejects'), 1);

  const numbers = service.numbers();
  assert.equal(count('numbers'), 0, 'a generator counts when it ends');
  assert.deepEqual([...numbers], [1, 2]);
  assert.equal(count('numbers'), 1);
  const streamed: number[] = [];
  for await (const value of service.stream()) streamed.push(value);
  assert.deepEqual(streamed, [1, 2]);
  assert.equal(count('stream'), 1);

  const query = service.query();
  const rows: string[] = await query.from('users');
  assert.deepEqual(rows, ['users']);
  assert.equal(query.runs, 1, 'a query runs once');
  assert.equal(count('query'), 1);

  assert.deepEqual(await service.load(1), { id: 1, full: false });
  assert.deepEqual(await service.load(1), { id: 1, full: false });
  assert.deepEqual(await service.load(1, { full: true }), { id: 1, full: true });
  assert.equal(service.loads, 2, 'equal arguments load once');
  const other = new Service();
  await other.load(1);
  assert.equal(other.loads, 1, 'another instance has entries of its own');
  assert.equal(service.double(4), 8);
  assert.equal(service.double(4), 8);
  assert.equal(service.loads, 3);
  assert.equal(getCacheManager().getIfPresent('double:4'), 8);

  assert.equal(await service.flaky(2), 'service after 3');
  assert.deepEqual(await service.quick(3), { id: 3 });
  await assert.rejects(service.endless(), TimeoutError);
  assert.equal(Service.prototype.flaky.length, 1);

  service.loads = 0;
  assert.deepEqual(await Promise.all([service.heavy(5), service.heavy(5)]), ['service 5', 'service 5']);
  assert.equal(await service.heavy(5), 'service 5');
  assert.equal(service.loads, 1, 'its results are kept');
  assert.equal(service.light(), 'service');
  assert.equal(Service.describe(), 'Service');
  const reports = getResourceOptimizer().generateOptimizationReport().functions;
  const reportOf = (name: string) => reports.find((known) => known.name.endsWith(name));
  assert.equal(reportOf('heavy')?.calls, 3);
  assert.equal(reportOf('heavy')?.runs, 1);
  assert.equal(reportOf('heavy')?.laneLimit, 20);
  assert.equal(reportOf('light')?.runs, 1);
  assert.equal(count('describe') + count('Service.describe'), 1, 'its runs are timed');
  const optimized = autoOptimize({ cpuThreshold: 0.9 })((n: number) => n + 1);
  assert.equal(optimized(1), 2);
  const limited = asyncTimeout('1m')(async (n: number) => n);
  assert.equal(await limited(2), 2);
  let attempts = 0;
  const retried = asyncRetry({ maxAttempts: 2, delay: '1ms' })(async () => {
    attempts += 1;
    if (attempts === 1) throw new Declined('once');
    return attempts;
  });
  assert.equal(await retried(), 2);

  const plain = timer('plain')((a: number, b: number) => a + b);
  assert.equal(plain(1, 2), 3);
  assert.equal(count('plain'), 1);
  let calls = 0;
  const square = cached({ ttl: 60 })(async (n: number) => {
    calls += 1;
    return n * n;
  });
  assert.deepEqual(await Promise.all([square(3), square(3)]), [9, 9]);
  assert.equal(calls, 1, 'concurrent calls share one run');
  await import('./dialect.js');
  console.log('ok');
}

void main();
