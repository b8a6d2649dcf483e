import type { Attributes, ObservableCallback } from '@opentelemetry/api';
import { AggregationType, createDenyListAttributesProcessor } from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { TimeoutError } from '../../../src/errors.js';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';
import { cellsWith, type AskingReader } from '../../fakes/cells-with.js';

const BOTH: readonly AskingReader[] = [{ temporality: 'cumulative' }, { temporality: 'delta' }];
const WITHOUT_PID = [
  { instrumentName: '*', attributesProcessors: [createDenyListAttributesProcessor(['pid'])] },
];

describe('observable instruments of a CellMeterProvider', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  it('tell totals to cumulative readers and what was added to those of deltas', async () => {
    const { meter, value } = cellsWith({ readers: BOTH });
    let total = 0;
    meter.createObservableCounter('c').addCallback((result) => result.observe(total));
    const seen: unknown[][] = [];

    for (total of [5, 8, 8]) seen.push([await value(0), await value(1)]);

    expect(seen).to.deep.equal([
      [5, 5],
      [8, 3],
      [8, 0],
    ]);
  });

  it('go on from a total that was started anew', async () => {
    const { meter, value, collect, clock } = cellsWith({ readers: BOTH });
    let total = 100;
    meter.createObservableCounter('c').addCallback((result) => result.observe(total));
    await value(1);
    await value(0);

    total = 7;
    clock.advance(1);
    const since = clock.wallNow() / 1000 - 1;

    expect(await value(1)).to.equal(7);
    const [point] = (await collect(0))[0]!.data.dataPoints;
    expect([point!.value, point!.startTime[0]]).to.deep.equal([7, since]);
  });

  it('may say anything where Views drop it', async () => {
    const views = [{ instrumentName: 'dropped', aggregation: { type: AggregationType.DROP as const } }];
    const { meter, value } = cellsWith({ views });
    meter.createObservableGauge('dropped').addCallback((result) => result.observe(NaN, { a: 1 }));
    meter.createObservableGauge('g').addCallback((result) => result.observe(1));

    expect(await value()).to.equal(1);
    expect(notices.said).to.deep.equal([]);
  });

  it('may fall where the kind may', async () => {
    const { meter, value } = cellsWith({ readers: [{ temporality: 'delta' }] });
    let open = 5;
    meter.createObservableUpDownCounter('u').addCallback((result) => result.observe(open));
    await value();

    open = -3;

    expect(await value()).to.equal(-8);
  });

  it('do not export what is not observed any more, and know it when it is back', async () => {
    const { meter, points } = cellsWith({ readers: BOTH });
    let observed: Record<string, number> = { a: 1, b: 5 };
    meter.createObservableCounter('c').addCallback((result) => {
      for (const [id, total] of Object.entries(observed)) result.observe(total, { id });
    });
    const both = async () => [await points(0), await points(1)];
    await both();

    observed = { a: 2 };
    expect(await both()).to.deep.equal([[[{ id: 'a' }, 2]], [[{ id: 'a' }, 1]]]);
    observed = { b: 6 };
    expect(await both()).to.deep.equal([[[{ id: 'b' }, 6]], [[{ id: 'b' }, 1]]]);
  });

  describe('whose attributes a View makes equal', () => {
    it('add up totals, and the changes of each', async () => {
      const { meter, points } = cellsWith({ readers: BOTH, views: WITHOUT_PID });
      let totals: Record<string, number> = { '1001': 60, '1002': 47 };
      meter.createObservableCounter('faults').addCallback((result) => {
        for (const [pid, total] of Object.entries(totals)) result.observe(total, { pid });
      });
      const both = async () => [(await points(0))[0], (await points(1))[0]];

      expect(await both()).to.deep.equal([
        [{}, 107],
        [{}, 107],
      ]);
      totals = { '1002': 53, '1003': 5 };
      expect(await both()).to.deep.equal([
        [{}, 58],
        [{}, 11],
      ]);
    });

    it('take the last of gauges', async () => {
      const { meter, value } = cellsWith({ views: WITHOUT_PID });
      meter.createObservableGauge('g').addCallback((result) => {
        result.observe(7, { pid: 1 });
        result.observe(9, { pid: 2 });
      });

      expect(await value()).to.equal(9);
    });
  });

  it('take the last value of equal attributes, of one callback or of several', async () => {
    const { meter, points } = cellsWith();
    const counter = meter.createObservableCounter('c');
    counter.addCallback((result) => {
      result.observe(1, { a: 1, b: 2 });
      result.observe(2, { b: 2, a: 1 });
    });
    counter.addCallback((result) => result.observe(3, { b: 2, a: 1 }));

    expect(await points()).to.deep.equal([[{ a: 1, b: 2 }, 3]]);
  });

  it('take values at the time they are told', async () => {
    const { meter, points } = cellsWith();
    meter.createObservableGauge('g').addCallback((result) => {
      const reused: Attributes = {};
      for (const id of ['a', 'b']) {
        reused['id'] = id;
        result.observe(1, reused);
      }
    });

    expect(await points()).to.deep.equal([
      [{ id: 'a' }, 1],
      [{ id: 'b' }, 1],
    ]);
  });

  it('drop what no counter can be, and say so once', async () => {
    const { meter, points } = cellsWith();
    meter.createObservableCounter('c').addCallback((result) => {
      for (const value of [Number.NaN, -1, '5']) result.observe(value as number, null as never);
    });

    expect(await points()).to.deep.equal([]);
    expect(notices.said).to.deep.equal([
      'c: NaN is no finite number; it is not recorded',
      'c: -1 is negative, which this kind cannot be; it is not recorded',
    ]);
  });

  it('take attributes that cannot be read for none, and say so once', async () => {
    const { meter, points } = cellsWith();
    meter.createObservableGauge('g').addCallback((result) => result.observe(1, { a: 1n as never }));

    expect(await points()).to.deep.equal([[{}, 1]]);
    await points();
    expect(notices.said).to.have.length(1);
  });

  it('keep known series beyond the limit, then who comes first; the rest is summed up', async () => {
    const { meter, points } = cellsWith({ cardinalityLimit: 3, readers: BOTH });
    let totals: Record<string, number> = { a: 1, b: 2 };
    meter.createObservableCounter('c').addCallback((result) => {
      for (const [id, total] of Object.entries(totals)) result.observe(total, { id });
    });
    await points(0);
    await points(1);

    totals = { x: 10, y: 20, b: 3 };

    expect(await points(0)).to.deep.equal([
      [{ id: 'b' }, 3],
      [{ id: 'x' }, 10],
      [{ 'otel.metric.overflow': true }, 20],
    ]);
    expect(await points(1)).to.deep.equal([
      [{ id: 'b' }, 1],
      [{ id: 'x' }, 10],
      [{ 'otel.metric.overflow': true }, 20],
    ]);
  });

  it('remember no more than the limit of what comes and goes', async () => {
    const { meter, points } = cellsWith({ cardinalityLimit: 3, readers: [{ temporality: 'delta' }] });
    let id = 0;
    meter.createObservableCounter('c').addCallback((result) => result.observe(5, { id }));
    await points();
    for (id = 1; id < 10; id++) await points();

    id = 0;

    // Forgotten meanwhile, so its total counts as new; what was there last is remembered.
    expect(await points()).to.deep.equal([[{ id: 0 }, 5]]);
    expect(await points()).to.deep.equal([[{ id: 0 }, 0]]);
  });

  describe('callbacks', () => {
    it('are called once for each, and no more when removed', async () => {
      const { meter, points } = cellsWith();
      const gauge = meter.createObservableGauge('g');
      let calls = 0;
      const callback: ObservableCallback = (result) => result.observe((calls += 1));
      gauge.addCallback(callback);
      gauge.addCallback(callback);

      expect(await points()).to.deep.equal([[{}, 1]]);
      gauge.removeCallback(callback);
      gauge.removeCallback(callback);
      expect(await points()).to.deep.equal([]);
    });

    it('of a batch tell all of its instruments, and no others', async () => {
      const { provider, meter, collect } = cellsWith();
      const [a, b, c] = ['a', 'b', 'c'].map((name) => meter.createObservableGauge(name));
      const foreign = provider.getMeter('other').createObservableGauge('foreign');
      const callback = (result: Parameters<Parameters<typeof meter.addBatchObservableCallback>[0]>[0]) => {
        for (const [i, one] of [a!, b!, c!, foreign, {} as never].entries()) result.observe(one, i);
      };
      meter.addBatchObservableCallback(callback, [a!, b!]);
      meter.addBatchObservableCallback(callback, [b!, a!]);

      expect((await collect()).map(({ name, points }) => [name, points[0]?.[1]])).to.deep.equal([
        ['a', 0],
        ['b', 1],
      ]);
      meter.removeBatchObservableCallback(callback, [b!, a!]);
      expect(await collect()).to.deep.equal([]);
    });

    it('of a batch of nothing are never called, which is said', async () => {
      const { meter, collect } = cellsWith();
      let calls = 0;

      meter.addBatchObservableCallback(() => void (calls += 1), [{} as never]);
      await collect();

      expect(calls).to.equal(0);
      expect(notices.said).to.have.length(1);
    });

    it('that throw or reject are errors of the collection, and what they told is not exported', async () => {
      const { meter, collectAll } = cellsWith();
      const gauge = meter.createObservableGauge('g');
      const [thrown, rejected] = [new Error('thrown'), new Error('rejected')];
      gauge.addCallback((result) => {
        result.observe(1, { from: 'thrower' });
        throw thrown;
      });
      gauge.addCallback(async () => Promise.reject(rejected));
      gauge.addCallback((result) => result.observe(2));

      const { errors, resourceMetrics } = await collectAll();

      expect(errors).to.deep.equal([thrown, rejected]);
      const points = resourceMetrics.scopeMetrics[0]?.metrics[0]?.dataPoints;
      expect(points?.map(({ attributes, value }) => [attributes, value])).to.deep.equal([[{}, 2]]);
    });

    it('that failed once do not make a delta start anew', async () => {
      const { meter, collectAll, value } = cellsWith({ readers: [{ temporality: 'delta' }] });
      let total: number | undefined = 10;
      meter.createObservableCounter('c').addCallback((result) => {
        if (total === undefined) throw new Error('not now');
        result.observe(total);
      });
      await value();

      total = undefined;
      await collectAll();
      total = 12;

      expect(await value()).to.equal(2);
    });

    for (const [what, timeoutMillis, seconds] of [
      ['the time the reader allows', 500, 0.5],
      ['30 seconds where it says nothing', undefined, 30],
    ] as const) {
      it(`that hang hold a collection up for no longer than ${what}`, async () => {
        const { meter, collectAll, clock } = cellsWith();
        meter.createObservableGauge('hangs').addCallback(() => new Promise(() => {}));
        meter.createObservableGauge('works').addCallback((result) => result.observe(1));

        const collecting = collectAll(0, timeoutMillis);
        clock.advance(seconds);
        const { errors, resourceMetrics } = await collecting;

        expect(errors).to.have.length(1);
        expect(errors[0]).to.be.instanceOf(TimeoutError);
        expect((errors[0] as Error).message).to.equal(`the callback of hangs took longer than ${seconds} s`);
        expect(
          resourceMetrics.scopeMetrics[0]?.metrics.map(({ descriptor }) => descriptor.name),
        ).to.deep.equal(['works']);
        expect(clock.timers).to.equal(0);
      });
    }

    it('that still run are not called again for the same reader, and what they tell late is ignored', async () => {
      const { meter, collectAll, clock } = cellsWith({ readers: [{}, {}] });
      let calls = 0;
      let end = () => {};
      meter.createObservableGauge('g').addCallback(async (result) => {
        calls += 1;
        const mayHang = calls === 1;
        if (mayHang) await new Promise<void>((resolve) => (end = resolve));
        result.observe(calls);
      });
      const first = collectAll(0, 100);
      clock.advance(0.1);
      await first;

      const again = await collectAll(0, 100);
      const other = await collectAll(1, 100);
      end();
      const last = await collectAll(0, 100).then(() => collectAll(0, 100));

      expect(again.errors.map(String)).to.deep.equal([
        'TimeoutError: the callback of g still runs from an earlier collection',
      ]);
      expect(other.errors).to.deep.equal([]);
      expect(last.errors).to.deep.equal([]);
      expect(last.resourceMetrics.scopeMetrics[0]?.metrics[0]?.dataPoints[0]?.value).to.equal(calls);
    });

    it('run one after the other when a reader collects twice at the same time', async () => {
      const { meter, collectAll } = cellsWith({ readers: [{ temporality: 'delta' }] });
      let running = 0;
      let total = 0;
      meter.createObservableCounter('c').addCallback(async (result) => {
        running += 1;
        await Promise.resolve();
        result.observe((total += 10));
        running -= 1;
        if (running > 0) throw new Error('two at the same time');
      });

      const both = await Promise.all([collectAll(), collectAll(), collectAll()]);

      const values = both.map(
        ({ resourceMetrics }) => resourceMetrics.scopeMetrics[0]?.metrics[0]?.dataPoints[0]?.value,
      );
      expect(both.flatMap(({ errors }) => errors)).to.deep.equal([]);
      expect(values).to.deep.equal([10, 10, 10]);
    });

    it('may record: what they record is in the same collection', async () => {
      const { meter, collect } = cellsWith();
      const counter = meter.createCounter('c');
      meter.createObservableGauge('g').addCallback(() => counter.add(5));

      expect((await collect()).map(({ name, points }) => [name, points[0]?.[1]])).to.deep.equal([['c', 5]]);
    });
  });
});
