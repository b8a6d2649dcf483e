import { expect } from 'chai';
import { CacheBudget } from '../../src/cache/budget/cache-budget.js';
import { CacheManager } from '../../src/cache/cache-manager.js';
import { MemoryCache } from '../../src/cache/memory-cache.js';
import { MemoryOptimizer } from '../../src/optimizer/memory/memory-optimizer.js';
import { ResourceOptimizer } from '../../src/optimizer/resource-optimizer.js';
import { captureMetrics } from '../fakes/captured-telemetry.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { FakeHeap } from '../fakes/fake-heap.js';
import { randomFrom } from '../fakes/random.js';

const KB = 1024;
const MB = 1024 * KB;

describe('a CacheBudget in the hands of the optimizer', () => {
  it('gives up memory under pressure, entry by entry, and gets it back', async () => {
    const { optimizer, budget, caches, heap, clock } = await servingService();
    const held = budget.bytes;

    heap.collect(80);
    await optimizer.optimizeMemory();
    const shrunk = { maxBytes: budget.maxBytes, bytes: budget.bytes };
    heap.collect(30);
    clock.advance(15);
    for (const cache of caches) await fill(cache);
    await optimizer.optimizeMemory();

    expect(held).to.be.within(7 * MB, 8 * MB);
    expect(shrunk.maxBytes).to.be.within(held / 2 - 1, held / 2 + 1);
    expect(shrunk.bytes).to.be.at.most(shrunk.maxBytes);
    expect(budget.maxBytes / shrunk.maxBytes).to.be.closeTo(1.1, 0.001);
  });

  it('tells what its caches would do with other memory, at what cost', async () => {
    const { optimizer } = await servingService();

    const [budget] = optimizer.whatIf();

    expect(budget?.caches.map(({ name }) => name)).to.deep.equal(['users', 'pages']);
    for (const { points } of budget!.caches) {
      const ratios = points.map(({ hitRatio }) => hitRatio);
      expect(ratios).to.deep.equal(ratios.toSorted((a, b) => a - b));
      expect(points[2]?.missCost).to.be.a('number');
    }
    expect(budget?.advice[0]).to.match(/^Half the memory \(\d\.\d MB\) would cost \+/);
  });
});

/** Two caches of 8 MB together, asked for somewhat more than they can hold. */
async function servingService() {
  const clock = new FakeClock();
  const heap = new FakeHeap(30);
  const meterProvider = captureMetrics().provider;
  const budget = new CacheBudget({ maxBytes: '8mb', clock });
  const caches = ['users', 'pages'].map(
    (name) =>
      new CacheManager({
        name,
        primary: new MemoryCache({ name, budget, curve: true, clock }),
        clock,
        meterProvider,
      }),
  );
  const memoryOptimizer = new MemoryOptimizer({ clock, heap });
  const optimizer = new ResourceOptimizer({ memoryOptimizer, clock, meterProvider });
  optimizer.registerBudget(budget);
  for (let round = 0; round < 3; round++) for (const cache of caches) await fill(cache, clock);
  return { optimizer, budget, caches, heap, clock };
}

async function fill(cache: CacheManager, clock?: FakeClock): Promise<void> {
  const random = randomFrom(3);
  for (let i = 0; i < 1500; i++) {
    await cache.getOrSet(String(Math.floor(1500 * random() ** 2)), () => {
      clock?.advance(0.005);
      return 'x'.repeat(10 * KB);
    });
  }
}
