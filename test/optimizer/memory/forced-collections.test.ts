import { expect } from 'chai';
import { getHeapStatistics } from 'node:v8';
import { systemClock } from '../../../src/clock.js';
import { ForcedCollections } from '../../../src/optimizer/memory/forced-collections.js';
import { runScript } from '../../fakes/child-script.js';

const MB = 1024 * 1024;

describe('ForcedCollections', () => {
  it('collect in a process that was not started for it, and tell how long that stopped it', () => {
    const forced = new ForcedCollections(systemClock);

    forced.collect();

    const { collections, pauseSeconds, freedBytes, problem } = forced.report();
    expect(collections).to.equal(1);
    expect(pauseSeconds).to.be.above(0).and.below(10);
    expect([freedBytes, problem]).to.deep.equal([undefined, undefined]);
    expect((globalThis as { gc?: unknown }).gc).to.equal(undefined);
  });

  it('tell what became free in between', () => {
    const forced = new ForcedCollections(systemClock);
    let held: number[][] | undefined = Array.from({ length: 100 }, () => Array<number>(20_000).fill(0.5));
    forced.collect();
    const used = getHeapStatistics().used_heap_size;
    expect(held.length).to.equal(100);
    held = undefined;

    forced.collect();

    expect(used).to.be.above(10 * MB);
    expect(forced.report().freedBytes).to.be.within(8 * MB, 40 * MB);
  });

  it('say what to do where it is not possible', async () => {
    const { stdout, stderr } = await runScript(`
      import v8 from 'node:v8';
      import vm from 'node:vm';
      import { syncBuiltinESMExports } from 'node:module';
      // As in a process whose flags are frozen.
      v8.setFlagsFromString = () => { throw new Error('flags are frozen'); };
      vm.runInNewContext = () => { throw new Error('gc is not defined'); };
      syncBuiltinESMExports();
      const { ForcedCollections } = await import('./src/optimizer/memory/forced-collections.js');
      const { systemClock } = await import('./src/clock.js');
      const forced = new ForcedCollections(systemClock);
      forced.collect();
      forced.collect();
      console.log(JSON.stringify(forced.report()));
    `);

    expect(stderr).to.equal('');
    expect(JSON.parse(stdout)).to.deep.equal({
      collections: 0,
      pauseSeconds: 0,
      problem: 'garbage cannot be collected on request in this process: start Node with --expose-gc',
    });
  });
});
