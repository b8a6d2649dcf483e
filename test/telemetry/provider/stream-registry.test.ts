import { ValueType } from '@opentelemetry/api';
import {
  AggregationType,
  createAllowListAttributesProcessor,
  InstrumentType,
  type Histogram,
} from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';
import { cellsWith } from '../../fakes/cells-with.js';

const { DROP, EXPLICIT_BUCKET_HISTOGRAM, EXPONENTIAL_HISTOGRAM, SUM } = AggregationType;

describe('the streams of a CellMeterProvider', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  describe('of an instrument that is created twice', () => {
    it('are the same for the same, and the instrument is', async () => {
      const { meter, value } = cellsWith();

      meter.createCounter('c', { unit: '1' }).add(1);
      meter.createCounter('c', { unit: '1' }).add(2);

      expect(await value()).to.equal(3);
      expect(notices.said).to.deep.equal([]);
    });

    it('are two for different ones, both exported, which is said once with a way out', async () => {
      const { meter, collect } = cellsWith();

      meter.createCounter('c').add(1);
      for (let i = 0; i < 3; i++) meter.createHistogram('c').record(1);
      meter.createCounter('c', { unit: 'By' }).add(2);
      meter.createCounter('c', { valueType: ValueType.INT }).add(4);

      expect((await collect()).map(({ name }) => name)).to.deep.equal(['c', 'c', 'c', 'c']);
      expect(notices.said).to.have.length(3);
      expect(notices.said[0]).to.equal(
        'metric "c" of meter "test" exists twice (type "COUNTER" and "HISTOGRAM"); both are exported. ' +
          "A View can rename one of them: { instrumentName: 'c', instrumentType: 'HISTOGRAM', name: '...' }",
      );
      expect(notices.said[1]).to.contain('unit "" and "By"').and.to.contain('Use the same options');
    });

    it('are no conflict in another meter, nor when a View renames one', async () => {
      const views = [{ instrumentName: 'c', instrumentType: InstrumentType.HISTOGRAM, name: 'renamed' }];
      const { provider, meter, collect } = cellsWith({ views });

      meter.createCounter('c').add(1);
      meter.createHistogram('c').record(1);
      provider.getMeter('other').createUpDownCounter('c').add(1);

      expect((await collect()).map(({ name }) => name)).to.deep.equal(['c', 'renamed', 'c']);
      expect(notices.said).to.deep.equal([]);
    });

    it('keep the first name where only the case differs, and the first advice', async () => {
      const { meter, collect } = cellsWith();

      meter.createHistogram('Latency', { advice: { explicitBucketBoundaries: [1] } }).record(1);
      meter.createHistogram('latency', { advice: { explicitBucketBoundaries: [2] } }).record(1);

      const [metric, ...others] = await collect();
      expect(others).to.deep.equal([]);
      expect(metric?.name).to.equal('Latency');
      expect(metric?.points[0]?.[1]).to.deep.include({ buckets: { boundaries: [1], counts: [2, 0] } });
      expect(notices.said).to.deep.equal([
        '"latency" was created as "Latency" before; name and advice of then are used',
      ]);
    });

    it('take the longer of two descriptions', async () => {
      const { meter, collect } = cellsWith();
      for (const description of ['Short.', 'Much longer.', ''])
        meter.createCounter('c', { description }).add(1);

      const [metric] = await collect();

      expect(metric?.data.descriptor.description).to.equal('Much longer.');
      expect(metric?.points[0]?.[1]).to.equal(3);
      expect(notices.said).to.deep.equal([
        'metric "c" is described in two ways; the longer one is used: "Much longer."',
      ]);
    });
  });

  describe('of an instrument with an invalid name or advice', () => {
    it('work, and it is said once', async () => {
      const { meter, collect } = cellsWith();

      for (let i = 0; i < 2; i++) meter.createCounter('1 order').add(1);
      meter.createHistogram('h', { advice: { explicitBucketBoundaries: [1, Number.NaN] } }).record(1);

      const [counter, histogram] = await collect();
      expect(counter?.points[0]?.[1]).to.equal(2);
      expect(histogram?.points[0]?.[1]).to.have.nested.property('buckets.boundaries').with.length(15);
      expect(notices.said).to.deep.equal([
        '"1 order" is no valid metric name: a letter, then up to 254 letters, digits, "_", ".", "-" or "/"',
        'h: explicitBucketBoundaries must be numbers; the advice is not used',
      ]);
    });
  });

  describe('by Views', () => {
    const matching: readonly [what: string, view: object, matches: boolean][] = [
      ['the name', { instrumentName: 'shop.orders' }, true],
      ['another name', { instrumentName: 'shop.carts' }, false],
      ['a name in another case', { instrumentName: 'Shop.Orders' }, false],
      ['any name', { instrumentName: '*' }, true],
      ['a wildcard', { instrumentName: 'shop.*' }, true],
      ['two wildcards', { instrumentName: '*o*r*' }, true],
      ['one character', { instrumentName: 'shop?orders' }, true],
      ['a dot that is one', { instrumentName: 'shop.order.' }, false],
      ['the type', { instrumentType: InstrumentType.COUNTER }, true],
      ['another type', { instrumentType: InstrumentType.GAUGE }, false],
      ['the unit', { instrumentUnit: '{order}' }, true],
      ['another unit', { instrumentUnit: '' }, false],
      ['the meter', { meterName: 'test' }, true],
      ['another meter', { meterName: 'tes' }, false],
      ['its version', { meterVersion: '' }, true],
      ['another version', { meterVersion: '1' }, false],
      ['a schema it has not', { meterSchemaUrl: 'https://a.test' }, false],
      ['all of it but one', { instrumentName: 'shop.*', meterName: 'test', instrumentUnit: 's' }, false],
    ];
    for (const [what, view, matches] of matching) {
      it(`${matches ? 'apply' : 'do not apply'} to ${what}`, async () => {
        const { meter, points } = cellsWith({ views: [{ ...view, aggregation: { type: DROP } }] });

        meter.createCounter('shop.orders', { unit: '{order}' }).add(1);

        expect(await points()).to.have.length(matches ? 0 : 1);
      });
    }

    it('are renamed, described, filtered and aggregated', async () => {
      const { meter, collect } = cellsWith({
        views: [
          {
            instrumentName: 'c',
            name: 'orders',
            description: 'By country.',
            attributesProcessors: [createAllowListAttributesProcessor(['country'])],
            aggregation: {
              type: EXPLICIT_BUCKET_HISTOGRAM,
              options: { boundaries: [5], recordMinMax: false },
            },
          },
        ],
      });

      for (const id of [1, 2]) meter.createCounter('c').add(id * 4, { country: 'ch', id });

      const [metric] = await collect();
      expect(metric?.data.descriptor).to.deep.include({ name: 'orders', description: 'By country.' });
      expect(metric?.points).to.deep.equal([
        [{ country: 'ch' }, { count: 2, sum: 12, buckets: { boundaries: [5], counts: [1, 1] } }],
      ]);
    });

    it('are exported once for each, with a warning where they share a name', async () => {
      const views = [
        { instrumentName: 'c' },
        { instrumentName: '*', attributesProcessors: [createAllowListAttributesProcessor([])] },
      ];
      const { meter, collect } = cellsWith({ views });

      meter.createCounter('c').add(1, { a: 1 });
      meter.createCounter('c').add(2, { a: 2 });

      expect((await collect()).map(({ points }) => points)).to.deep.equal([
        [
          [{ a: 1 }, 1],
          [{ a: 2 }, 2],
        ],
        [[{}, 3]],
      ]);
      expect(notices.said[0]).to.contain('exists twice (aggregated or filtered in two ways)');
    });

    it('are left alone by a View that drops all others', async () => {
      const views = [{ instrumentName: 'c' }, { instrumentName: '*', aggregation: { type: DROP } as const }];
      const { meter, collect } = cellsWith({ views });

      meter.createCounter('c').add(1);
      meter.createCounter('other').add(1);

      expect((await collect()).map(({ name, points }) => [name, points[0]?.[1]])).to.deep.equal([['c', 1]]);
      expect(notices.said).to.deep.equal([]);
    });

    it('are one where two instruments are renamed to one', async () => {
      const views = ['a', 'b'].map((instrumentName) => ({ instrumentName, name: 'both' }));
      const { meter, value } = cellsWith({ views });

      meter.createCounter('a').add(1);
      meter.createCounter('b').add(2);

      expect(await value()).to.equal(3);
    });

    it('are aggregated as the reader asks where the View does not say', async () => {
      const readers = [{ aggregation: { type: SUM } as const }, {}];
      const { meter, value } = cellsWith({ readers, views: [{ instrumentName: '*', description: 'x' }] });

      meter.createHistogram('h').record(4);

      expect(await value(0)).to.equal(4);
      expect(await value(1)).to.deep.include({ count: 1 });
    });

    it('ignore the advice when the View has buckets of its own, also the default ones', async () => {
      const views = [{ instrumentName: '*', aggregation: { type: EXPLICIT_BUCKET_HISTOGRAM } as const }];
      const { meter, value } = cellsWith({ views });

      meter.createHistogram('h', { advice: { explicitBucketBoundaries: [1] } }).record(1);

      expect(((await value()) as Histogram).buckets.boundaries).to.have.length(15);
    });

    for (const type of [EXPLICIT_BUCKET_HISTOGRAM, EXPONENTIAL_HISTOGRAM] as const) {
      it(`make no histogram ${type} of what is observed, and say so`, async () => {
        const { meter, collect } = cellsWith({
          views: [{ instrumentName: '*', aggregation: { type } }],
        });
        meter.createObservableCounter('c').addCallback((result) => result.observe(5));

        expect((await collect())[0]?.points).to.deep.equal([[{}, 5]]);
        expect(notices.said).to.deep.equal([
          'c: what is observed cannot be made a histogram; the View that asks for it is not applied',
        ]);
      });
    }

    it('nor do readers, and for one that asks for nonsense the default is used', async () => {
      const readers = [
        { aggregation: { type: EXPONENTIAL_HISTOGRAM } as const },
        { aggregation: { type: 77 } as never },
      ];
      const { meter, collect } = cellsWith({ readers });
      meter.createObservableGauge('g').addCallback((result) => result.observe(5));

      expect((await collect(0))[0]?.points).to.deep.equal([[{}, 5]]);
      expect((await collect(1))[0]?.points).to.deep.equal([[{}, 5]]);
      expect(notices.said).to.have.length(1);
    });
  });
});
