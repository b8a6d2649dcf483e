import { expect } from 'chai';
import { HeapWatch } from '../../../src/optimizer/memory/heap-watch.js';
import { waitFor } from '../../e2e/wait-for.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { collectGarbage } from '../../fakes/garbage.js';

describe('HeapWatch', () => {
  let watch: HeapWatch;
  let clock: FakeClock;

  beforeEach(() => {
    clock = new FakeClock();
    watch = new HeapWatch(clock);
  });

  afterEach(() => watch.stop());

  it('tells use and limit at any time, and the live set only while it watches', () => {
    const { usedBytes, limitBytes, ...rest } = watch.read();

    expect(usedBytes).to.be.above(0).and.below(limitBytes);
    expect(rest).to.deep.equal({ liveBytes: undefined, majors: undefined, majorShare: undefined });
  });

  it('hears of each major collection, with the live set it left', async () => {
    let heard = 0;
    watch.start(() => (heard += 1));

    collectGarbage();
    await waitFor(() => heard > 0, { what: 'a major collection' });

    const { liveBytes, majors, limitBytes } = watch.read();
    expect(majors).to.equal(heard);
    expect(liveBytes).to.be.above(1_000_000).and.below(limitBytes);
  });

  it('tells the share of time collections took once it has watched for ten seconds', async () => {
    let heard = 0;
    watch.start(() => (heard += 1));
    const early = watch.read().majorShare;
    clock.advance(10);
    collectGarbage();
    await waitFor(() => heard > 0, { what: 'a major collection' });

    const { majorShare } = watch.read();
    clock.advance(10.1);

    expect(early).to.equal(undefined);
    expect(majorShare).to.be.above(0).and.below(1);
    expect(watch.read().majorShare).to.equal(0);
  });

  it('hears nothing any more once stopped, however often that is done', async () => {
    let heard = 0;
    watch.start(() => (heard += 1));
    watch.start(() => (heard += 1));

    watch.stop();
    watch.stop();
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));

    expect(heard).to.equal(0);
    expect(watch.read().majors).to.equal(undefined);
  });
});
