import { AggregationType, type Histogram } from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';
import { cellsWith, type AskingReader } from '../../fakes/cells-with.js';

const BOTH: readonly AskingReader[] = [{ temporality: 'cumulative' }, { temporality: 'delta' }];

describe('what is recorded, as readers collect it', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  it('is everything for cumulative readers and the interval for each delta reader', async () => {
    const { meter, value } = cellsWith({ readers: [...BOTH, { temporality: 'delta' }] });
    const counter = meter.createCounter('c');
    const seen: unknown[][] = [];

    for (const amount of [1, 10, 100]) {
      counter.add(amount);
      seen.push([await value(0), await value(1)]);
    }

    expect(seen).to.deep.equal([
      [1, 1],
      [11, 10],
      [111, 100],
    ]);
    expect(await value(2)).to.equal(111);
    expect(await value(1)).to.equal(undefined);
    expect(await value(0)).to.equal(111);
  });

  it('is reported as a delta after a zero, and after up and down again', async () => {
    const { meter, points } = cellsWith({ readers: [{ temporality: 'delta' }] });
    const counter = meter.createUpDownCounter('c');

    counter.add(0, { a: 'zero' });
    counter.add(1, { a: 'back' });
    counter.add(-1, { a: 'back' });

    expect(await points()).to.deep.equal([
      [{ a: 'zero' }, 0],
      [{ a: 'back' }, 0],
    ]);
    expect(await points()).to.deep.equal([]);
  });

  it('is exact for delta readers, whatever came before', async () => {
    const { meter, value } = cellsWith({ readers: BOTH });
    const counter = meter.createCounter('c');
    counter.add(1e17);
    await value(1);

    counter.add(0.1);

    expect(await value(1)).to.equal(0.1);
  });

  it('has the smallest and the largest value of the time it is about', async () => {
    const { meter, value } = cellsWith({ readers: BOTH });
    const histogram = meter.createHistogram('h');
    const extremes = async (reader: number) => {
      const { min, max, count } = (await value(reader)) as Histogram;
      return [min, max, count];
    };

    for (const one of [5, 100]) histogram.record(one);
    const first = [await extremes(0), await extremes(1)];
    for (const one of [20, 30]) histogram.record(one);
    const second = [await extremes(0), await extremes(1)];

    expect(first).to.deep.equal([
      [5, 100, 2],
      [5, 100, 2],
    ]);
    expect(second).to.deep.equal([
      [5, 100, 4],
      [20, 30, 2],
    ]);
  });

  it('is not changed any more once it was collected', async () => {
    const { meter, value } = cellsWith();
    const histogram = meter.createHistogram('h', { advice: { explicitBucketBoundaries: [1] } });
    histogram.record(0);
    const collected = (await value()) as Histogram;

    histogram.record(0);

    expect(collected).to.deep.include({ count: 1 });
    expect(collected.buckets.counts).to.deep.equal([1, 0]);
  });

  it('is the last value of a gauge; for delta readers only if there was a new one', async () => {
    const { meter, value } = cellsWith({ readers: BOTH });
    const gauge = meter.createGauge('g');

    gauge.record(1);
    gauge.record(7);

    expect([await value(0), await value(1)]).to.deep.equal([7, 7]);
    expect([await value(0), await value(1)]).to.deep.equal([7, undefined]);
  });

  it('is aggregated as each reader asks, recorded once for those who agree', async () => {
    const sum: AskingReader = { aggregation: { type: AggregationType.SUM } };
    const { meter, value } = cellsWith({ readers: [sum, {}, { ...sum, temporality: 'delta' }] });
    const histogram = meter.createHistogram('h');

    histogram.record(2);
    histogram.record(3);

    expect(await value(0)).to.equal(5);
    expect(await value(1)).to.deep.include({ count: 2, sum: 5 });
    expect(await value(2)).to.equal(5);
  });

  describe('times', () => {
    it('go from the last collection of the reader for deltas, from the first measurement otherwise', async () => {
      const { meter, clock, collect } = cellsWith({ readers: BOTH });
      const start = clock.wallNow() / 1000;
      const counter = meter.createCounter('c');
      const timesOf = async (reader: number) => {
        const [point] = (await collect(reader))[0]!.data.dataPoints;
        return [point!.startTime[0] - start, point!.endTime[0] - start];
      };

      clock.advance(1);
      counter.add(1);
      clock.advance(1);
      const first = [await timesOf(0), await timesOf(1)];
      clock.advance(1);
      counter.add(1);
      clock.advance(1);
      const second = [await timesOf(0), await timesOf(1)];

      expect(first).to.deep.equal([
        [1, 2],
        [0, 2],
      ]);
      expect(second).to.deep.equal([
        [1, 4],
        [2, 4],
      ]);
    });

    it('never end before they start, also when the clock is set back', async () => {
      const { meter, clock, collect } = cellsWith({ readers: [{ temporality: 'delta' }] });
      const counter = meter.createCounter('c');
      counter.add(1);
      await collect();
      counter.add(1);

      clock.jumpWall(-3600);

      const [point] = (await collect())[0]!.data.dataPoints;
      expect(point!.endTime).to.deep.equal(point!.startTime);
    });

    it('keep milliseconds', async () => {
      const { meter, clock, collect } = cellsWith();
      clock.advance(0.25);
      meter.createCounter('c').add(1);

      const [point] = (await collect())[0]!.data.dataPoints;
      expect(point!.startTime[1]).to.equal(250_000_000);
    });
  });

  describe('beyond the limit of series', () => {
    it('keeps known series and totals right for the life of the process', async () => {
      const { meter, points } = cellsWith({ cardinalityLimit: 4, readers: BOTH });
      const counter = meter.createCounter('c');
      for (let round = 0; round < 3; round++) {
        for (let id = 9; id >= 0; id--) counter.add(1, { id: `${round}-${id}` });
        counter.add(1, { id: '0-9' });
        await points(1);
      }

      const found = await points(0);

      expect(found).to.deep.equal([
        [{ id: '0-9' }, 4],
        [{ id: '0-8' }, 1],
        [{ id: '0-7' }, 1],
        [{ 'otel.metric.overflow': true }, 27],
      ]);
      expect(notices.said).to.have.length(1);
    });

    it('is 2000 by default, a matter of the View first, then of the reader, then of the provider', async () => {
      const count = async (options: Parameters<typeof cellsWith>[0]) => {
        const { meter, points } = cellsWith(options);
        const counter = meter.createCounter('c');
        for (let id = 0; id < 2100; id++) counter.add(1, { id });
        return (await points()).length;
      };
      const views = [{ instrumentName: 'c', aggregationCardinalityLimit: 5 }];
      const readers = [{ cardinalityLimit: 10 }];

      expect(await count({})).to.equal(2000);
      expect(await count({ cardinalityLimit: 20 })).to.equal(20);
      expect(await count({ cardinalityLimit: 20, readers })).to.equal(10);
      expect(await count({ cardinalityLimit: 20, readers, views })).to.equal(5);
    });
  });

  it('has buckets that contain their upper bound, in scale or out of it', async () => {
    const bounds = Array.from({ length: 60 }, (_, i) => i);
    for (const explicitBucketBoundaries of [bounds, bounds.slice(0, 5), [], [3, 1, 2, Infinity, -Infinity]]) {
      const { meter, value } = cellsWith();
      const histogram = meter.createHistogram('h', { advice: { explicitBucketBoundaries } });
      for (const one of [0, 0.5, 1, 2, 59, 60, 1e9]) histogram.record(one);

      const { buckets } = (await value()) as Histogram;

      const expected = buckets.boundaries.map((upper, i) => {
        const lower = buckets.boundaries[i - 1] ?? -Infinity;
        return [0, 0.5, 1, 2, 59, 60, 1e9].filter((one) => one > lower && one <= upper).length;
      });
      expect(buckets.counts.slice(0, -1)).to.deep.equal(expected);
      expect(buckets.counts.reduce((sum, one) => sum + one, 0)).to.equal(7);
    }
  });
});
