import { AggregationType, createAllowListAttributesProcessor } from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { BYTES_BUCKETS, GENERAL_BUCKETS, SECONDS_BUCKETS } from '../../src/telemetry/buckets.js';
import { define } from '../../src/telemetry/definition.js';
import { Instruments } from '../../src/telemetry/instruments.js';
import { captureNotices, type CapturedNotices } from '../fakes/captured-notices.js';
import {
  captureMetrics,
  seriesOf,
  valueOf,
  type CapturedTelemetry,
  type CaptureOptions,
  type CollectedHistogram,
} from '../fakes/captured-telemetry.js';

const orders = define({
  name: 'shop.orders',
  kind: 'counter',
  unit: '{order}',
  description: 'Orders taken.',
  attributes: { country: 'open', size: ['small', 'large'] },
});
const queue = define({ ...orders, name: 'shop.queue.length', kind: 'gauge' });
const checkout = define({ ...orders, name: 'shop.checkout.duration', kind: 'histogram', unit: 's' });

describe('Instruments, as exporters see them', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  describe('with readers of both temporalities', () => {
    it('counts everything once for each of them, whoever collects and how often', async () => {
      const { instruments, telemetry } = capturing({ readers: ['cumulative', 'delta'] });
      const counter = instruments.counter(orders);
      const seen = { cumulative: [] as unknown[], delta: [] as unknown[] };

      for (const amount of [1, 10, 100]) {
        counter.add(amount);
        await telemetry.collect(0);
        seen.cumulative.push(valueOf(await telemetry.collect(0), 'shop.orders'));
        seen.delta.push(valueOf(await telemetry.collect(1), 'shop.orders'));
      }

      expect(seen).to.deep.equal({ cumulative: [1, 11, 111], delta: [1, 10, 100] });
    });

    it('gives the delta reader of histograms the interval, the cumulative one the sum', async () => {
      const { instruments, telemetry } = capturing({ readers: ['cumulative', 'delta'] });
      const histogram = instruments.histogram(checkout);

      histogram.record(1);
      await telemetry.collect(1);
      histogram.record(2);

      expect(valueOf(await telemetry.collect(0), checkout.name)).to.deep.include({ count: 2, sum: 3 });
      expect(valueOf(await telemetry.collect(1), checkout.name)).to.deep.include({ count: 1, sum: 2 });
    });

    it('gives the delta reader a gauge in every collection', async () => {
      const { instruments, telemetry } = capturing({ temporality: 'delta' });
      instruments.gauge(queue).record(7);

      const values = [];
      for (let i = 0; i < 3; i++) values.push(valueOf(await telemetry.collect(), 'shop.queue.length'));

      expect(values).to.deep.equal([7, 7, 7]);
    });

    it('needs no reader to collect: nothing grows but the values', async () => {
      const { instruments, telemetry } = capturing({ readers: ['cumulative', 'delta'] });
      const counter = instruments.counter(orders).bind({ country: 'ch' });

      for (let i = 0; i < 50; i++) {
        counter.add(1);
        await telemetry.collect(0);
      }

      expect(instruments.seriesCount).to.equal(1);
      expect(valueOf(await telemetry.collect(1), 'shop.orders')).to.equal(50);
    });
  });

  describe('bounds of histograms', () => {
    const cases = [
      ['seconds', { unit: 's' }, SECONDS_BUCKETS],
      ['bytes', { unit: 'By' }, BYTES_BUCKETS],
      ['anything else', { unit: '' }, GENERAL_BUCKETS],
      ['those who bring their own', { unit: 's', buckets: [1, 2] }, [1, 2]],
    ] as const;
    for (const [what, given, expected] of cases) {
      it(`fit ${what}`, async () => {
        const { instruments, telemetry } = capturing();

        instruments.histogram({ ...checkout, ...given }).record(1);

        const { buckets } = valueOf(await telemetry.collect(), checkout.name) as CollectedHistogram;
        expect(buckets.boundaries).to.deep.equal(expected);
      });
    }
  });

  describe("with Views of the application's", () => {
    it('drops, renames and filters as the View says', async () => {
      const { instruments, telemetry } = capturing({
        views: [
          { instrumentName: queue.name, aggregation: { type: AggregationType.DROP } },
          { instrumentName: checkout.name, name: 'shop.renamed' },
          {
            instrumentName: orders.name,
            attributesProcessors: [createAllowListAttributesProcessor(['country'])],
          },
        ],
      });

      instruments.gauge(queue).record(1);
      instruments.histogram(checkout).record(1);
      for (const size of ['small', 'large'] as const)
        instruments.counter(orders).add(1, { country: 'ch', size });

      const collected = await telemetry.collect();
      expect(seriesOf(collected, queue.name)).to.deep.equal([]);
      expect(seriesOf(collected, checkout.name)).to.deep.equal([]);
      expect(valueOf(collected, 'shop.renamed')).to.deep.include({ count: 1 });
      expect(seriesOf(collected, orders.name)).to.deep.equal([{ attributes: { country: 'ch' }, value: 2 }]);
    });

    it('hands over counters even when everything of ours that is observed is dropped', async () => {
      const { instruments, telemetry } = capturing({
        views: [{ instrumentName: 'perf.*', aggregation: { type: AggregationType.DROP } }],
      });

      instruments.counter(orders).add(1);

      expect(valueOf(await telemetry.collect(), 'shop.orders')).to.equal(1);
    });
  });

  describe('beyond the limit of series', () => {
    it('exports at most that many series and the right total', async () => {
      const telemetry = captureMetrics();
      const instruments = new Instruments({ meterProvider: telemetry.provider, cardinalityLimit: 5 });
      for (let i = 0; i < 50; i++) instruments.counter(orders).add(1, { country: `c${i}` });

      const found = seriesOf(await telemetry.collect(), 'shop.orders');

      expect(found).to.have.length(5);
      expect(found.reduce((sum, { value }) => sum + Number(value), 0)).to.equal(50);
      expect(found.at(-1)).to.deep.equal({ attributes: { 'otel.metric.overflow': true }, value: 46 });
    });

    it("stays under the SDK's own limit at the default", async () => {
      const { instruments, telemetry } = capturing();
      const counter = instruments.counter(orders);
      for (let round = 0; round < 2; round++) {
        for (let i = 0; i < 2500; i++) counter.add(1, { country: `c${round}-${i}` });
        await telemetry.collect();
      }

      const found = seriesOf(await telemetry.collect(), 'shop.orders');

      expect(found).to.have.length(2000);
      expect(found.reduce((sum, { value }) => sum + Number(value), 0)).to.equal(5000);
    });
  });
});

function capturing(options?: CaptureOptions): { instruments: Instruments; telemetry: CapturedTelemetry } {
  const telemetry = captureMetrics(options);
  return { telemetry, instruments: new Instruments({ meterProvider: telemetry.provider }) };
}
