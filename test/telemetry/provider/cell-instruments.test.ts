import { context, createContextKey, ValueType, type Attributes } from '@opentelemetry/api';
import { AggregationType, createDenyListAttributesProcessor } from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';
import { cellsWith } from '../../fakes/cells-with.js';

describe('instruments of a CellMeterProvider', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  it('record into one series, bound or not', async () => {
    const { meter, collect } = cellsWith();
    const attributes = { country: 'ch' };
    const [counter, upDown] = [meter.createCounter('counter'), meter.createUpDownCounter('upDown')];
    const [gauge, histogram] = [meter.createGauge('gauge'), meter.createHistogram('histogram')];

    for (const one of [counter, upDown]) {
      one.add(2, attributes);
      one.bind(attributes).add(3);
    }
    for (const one of [gauge, histogram]) {
      one.record(2, attributes);
      one.bind(attributes).record(3);
    }

    const collected = await collect();
    const pointsOf = (name: string) => collected.find((metric) => metric.name === name)?.points;
    expect(pointsOf('counter')).to.deep.equal([[attributes, 5]]);
    expect(pointsOf('upDown')).to.deep.equal([[attributes, 5]]);
    expect(pointsOf('gauge')).to.deep.equal([[attributes, 3]]);
    expect(pointsOf('histogram')).to.have.length(1);
    expect(pointsOf('histogram')?.[0]?.[1]).to.deep.include({ count: 2, sum: 5, min: 2, max: 3 });
  });

  it('do not export a series that is only bound', async () => {
    const { meter, points } = cellsWith();
    const bound = meter.createCounter('c').bind({ a: 1 });

    expect(await points()).to.deep.equal([]);
    bound.add(0);
    expect(await points()).to.deep.equal([[{ a: 1 }, 0]]);
  });

  describe('values', () => {
    const refused: readonly unknown[] = [Number.NaN, Infinity, -Infinity, '5', null, undefined, 10n, {}];

    it('that are no finite numbers are dropped, which is said once for each instrument', async () => {
      const { meter, collect } = cellsWith();
      const [counter, gauge, histogram] = [
        meter.createCounter('c'),
        meter.createGauge('g'),
        meter.createHistogram('h'),
      ];
      for (const value of [1, ...refused] as number[]) {
        counter.add(value);
        counter.bind().add(value);
        gauge.record(value);
        gauge.bind().record(value);
        histogram.record(value);
        histogram.bind().record(value);
      }

      const values = (await collect()).map(({ points }) => points[0]?.[1]);

      expect(values[0]).to.equal(2);
      expect(values[1]).to.equal(1);
      expect(values[2]).to.deep.include({ count: 2, sum: 2 });
      expect(notices.said).to.deep.equal([
        'c: NaN is no finite number; it is not recorded',
        'g: NaN is no finite number; it is not recorded',
        'h: NaN is no finite number; it is not recorded',
      ]);
    });

    it('below zero are dropped where the kind cannot fall', async () => {
      const { meter, collect } = cellsWith();

      meter.createCounter('c').add(1);
      meter.createCounter('c').add(-1);
      meter.createCounter('c').bind().add(-1);
      meter.createHistogram('h').record(-1);
      meter.createHistogram('h').bind().record(-1);
      meter.createUpDownCounter('u').add(-1);
      meter.createGauge('g').record(-1);

      const values = (await collect()).map(({ name, points }) => [name, points[0]?.[1]]);
      expect(values).to.deep.equal([
        ['c', 1],
        ['u', -1],
        ['g', -1],
      ]);
      expect(notices.said).to.have.length(2);
    });

    it('of an integer instrument lose their fraction', async () => {
      const { meter, value } = cellsWith();
      const counter = meter.createCounter('c', { valueType: ValueType.INT });

      counter.add(2.9);
      counter.bind().add(3.9);
      counter.add(1);

      expect(await value()).to.equal(6);
      expect(notices.said).to.deep.equal(['c: takes integers; the fraction of 2.9 is cut off']);
    });
  });

  describe('bound series', () => {
    it('are filtered by Views, and go to every stream', async () => {
      const { meter, collect } = cellsWith({
        views: [
          { instrumentName: 'h', attributesProcessors: [createDenyListAttributesProcessor(['id'])] },
          { instrumentName: 'h', name: 'sum', aggregation: { type: AggregationType.SUM } },
        ],
      });

      meter.createHistogram('h').bind({ id: 1, a: 2 }).record(5);
      meter.createHistogram('h').record(6, { id: 1, a: 2 });

      const [histogram, sum] = await collect();
      expect(histogram?.points[0]?.[0]).to.deep.equal({ a: 2 });
      expect(histogram?.points[0]?.[1]).to.deep.include({ sum: 11 });
      expect(sum?.points).to.deep.equal([[{ id: 1, a: 2 }, 11]]);
    });

    it('keep what they were bound to, below the limit or beyond', async () => {
      const { meter, points } = cellsWith({ cardinalityLimit: 3 });
      const counter = meter.createCounter('c');
      const bound = ['a', 'b', 'c', 'd'].map((id) => counter.bind({ id }));

      for (let round = 0; round < 2; round++) for (const one of bound) one.add(1);
      counter.add(1, { id: 'a' });

      expect(await points()).to.deep.equal([
        [{ id: 'a' }, 3],
        [{ id: 'b' }, 2],
        [{ 'otel.metric.overflow': true }, 4],
      ]);
    });

    it('record nowhere when the instrument is dropped', async () => {
      const views = [{ instrumentName: 'c', aggregation: { type: AggregationType.DROP as const } }];
      const { meter, points } = cellsWith({ views });
      const counter = meter.createCounter('c');

      counter.add(1);
      counter.bind({ a: 1 }).add(1);

      expect(await points()).to.deep.equal([]);
    });

    it('copy their attributes', async () => {
      const { meter, points } = cellsWith();
      const attributes: Attributes = { a: 1 };
      const bound = meter.createCounter('c').bind(attributes);
      attributes['a'] = 2;

      bound.add(1);

      expect(await points()).to.deep.equal([[{ a: 1 }, 1]]);
    });
  });

  describe('the context', () => {
    const key = createContextKey('tenant');
    const tenant = (value: string) => context.active().setValue(key, value);

    it('reaches attributes processors: the one given, or the one that is active', async () => {
      const byTenant = {
        process: (attributes: Attributes, of = context.active()) => ({
          ...attributes,
          tenant: String(of.getValue(key)),
        }),
      };
      const { meter, points } = cellsWith({
        views: [{ instrumentName: '*', attributesProcessors: [byTenant] }],
      });
      const counter = meter.createCounter('c');

      counter.add(1, { a: 1 }, tenant('x'));
      counter.add(2, { a: 1 });

      expect(await points()).to.deep.equal([
        [{ a: 1, tenant: 'x' }, 1],
        [{ a: 1, tenant: 'undefined' }, 2],
      ]);
    });

    it('is not looked at where nobody needs it', () => {
      let looks = 0;
      const { meter } = cellsWith();
      const counter = meter.createCounter('c');
      context.setGlobalContextManager({
        active: () => {
          looks += 1;
          throw new Error('not needed');
        },
        with: () => undefined as never,
        bind: (_, target) => target,
        enable() {
          return this;
        },
        disable() {
          return this;
        },
      });
      try {
        counter.add(1, { a: 1 });
        counter.bind({ a: 1 }).add(1);
      } finally {
        context.disable();
      }

      expect(looks).to.equal(0);
    });

    it('is no reason to fail when a processor does', async () => {
      const failing = {
        process: (): Attributes => {
          throw new Error('no');
        },
      };
      const { meter, points } = cellsWith({
        views: [{ instrumentName: '*', attributesProcessors: [failing] }],
      });

      meter.createCounter('c').add(1, { a: 1 });

      expect(await points()).to.deep.equal([[{}, 1]]);
      expect(notices.said).to.deep.equal([
        'c: an attributes processor failed (Error: no); recorded without attributes',
      ]);
    });
  });
});
