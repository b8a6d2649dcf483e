import { trace } from '@opentelemetry/api';
import type { DataPoint } from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { InvalidOptionError } from '../../../src/errors.js';
import { CellMeterProvider } from '../../../src/telemetry/provider/cell-meter-provider.js';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';
import { cellsWith } from '../../fakes/cells-with.js';

describe('series', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  describe('that are removed', () => {
    it('are exported no more, for any reader, and start anew when they come again', async () => {
      const {
        meter,
        points: pointsOf,
        clock,
        collect,
      } = cellsWith({ readers: [{}, { temporality: 'delta' }] });
      const counter = meter.createCounter('c');
      counter.add(5, { tenant: 'a' });
      counter.add(7, { tenant: 'b' });
      await pointsOf(0);

      expect(counter.remove({ tenant: 'a' })).to.equal(true);

      expect(counter.remove({ tenant: 'a' }), 'twice').to.equal(false);
      for (const reader of [0, 1]) expect(await pointsOf(reader)).to.deep.equal([[{ tenant: 'b' }, 7]]);
      clock.advance(60);
      counter.add(1, { tenant: 'a' });
      const [metric] = await collect(0);
      const points = metric!.data.dataPoints as readonly DataPoint<unknown>[];
      const again = points.find(({ attributes }) => attributes['tenant'] === 'a');
      expect(again?.value).to.equal(1);
      expect(again?.startTime, 'it began when it came again').to.deep.equal(again?.endTime);
    });

    it('are found again by what is bound to them, and others are not mixed up', async () => {
      const { meter, points } = cellsWith();
      const kinds = [
        ['counter', meter.createCounter('counter'), 'add'],
        ['histogram', meter.createHistogram('histogram'), 'record'],
        ['gauge', meter.createGauge('gauge'), 'record'],
      ] as const;
      for (const [name, instrument, verb] of kinds) {
        const bind = (of: string) =>
          instrument.bind({ of }) as unknown as Record<string, (n: number) => void>;
        const [a, b] = [bind('a'), bind('b')];
        a[verb]!(1);
        b[verb]!(2);

        expect(instrument.remove({ of: 'a' }), name).to.equal(true);
        const c = bind('c');
        c[verb]!(4);
        a[verb]!(8);
        b[verb]!(16);
        instrument.remove({ of: 'c' });
        instrument.remove({ of: 'b' });
        instrument.remove({ of: 'a' });
      }
      const counter = meter.createCounter('last');
      const bound = counter.bind({ of: 'a' });
      bound.add(1);
      counter.remove({ of: 'a' });
      counter.add(2, { of: 'b' });
      bound.add(4);

      expect(await points()).to.deep.equal([
        [{ of: 'b' }, 2],
        [{ of: 'a' }, 4],
      ]);
    });

    it('are none where attributes cannot be read', () => {
      const counter = cellsWith().meter.createCounter('c');
      counter.add(1);

      expect(counter.remove({ a: { deep: 1n } } as never)).to.equal(false);
    });

    it('make room below the limit', async () => {
      const { meter, points } = cellsWith({ cardinalityLimit: 2 });
      const counter = meter.createCounter('c');

      for (const id of ['a', 'b', 'c']) {
        counter.add(1, { id });
        counter.remove({ id });
      }
      counter.add(1, { id: 'd' });

      expect(await points()).to.deep.equal([[{ id: 'd' }, 1]]);
      expect(notices.said).to.deep.equal([]);
    });

    it('are those a View makes of the attributes', async () => {
      const process = ({ route }: Record<string, unknown>) => ({ route }) as never;
      const { meter, points } = cellsWith({
        views: [{ instrumentName: '*', attributesProcessors: [{ process }] as never }],
      });
      const counter = meter.createCounter('c');
      counter.add(1, { route: '/', user: 'a' });

      expect(counter.remove({ route: '/', user: 'b' })).to.equal(true);

      expect(await points()).to.deep.equal([]);
    });

    it('keep all cells right while series come and go at random', async () => {
      const { meter, points } = cellsWith({
        readers: [{}, { temporality: 'delta' }],
        cardinalityLimit: 5000,
      });
      const counter = meter.createCounter('c');
      const expected = new Map<number, number>();
      const bound = Array.from({ length: 300 }, (_, id) => counter.bind({ id }));

      for (let i = 0; i < 5000; i++) {
        const id = (i * 7919) % 300;
        if (i % 11 === 0) {
          counter.remove({ id });
          expected.delete(id);
        } else {
          if (i % 2 === 0) bound[id]!.add(1);
          else counter.add(1, { id });
          expected.set(id, (expected.get(id) ?? 0) + 1);
        }
        if (i % 1000 === 0) await points(1);
      }

      const found = (await points(0)).map(([{ id }, value]) => [id, value] as const);
      expect(found.toSorted(byId)).to.deep.equal([...expected].toSorted(byId));
    });
  });

  describe('that are idle', () => {
    const idle = { readers: [{}], seriesIdleTimeout: '1m' } as const;

    it('are removed at a collection once their time is over', async () => {
      const { meter, clock, points } = cellsWith(idle);
      const counter = meter.createCounter('c');
      const busy = counter.bind({ of: 'busy' });
      counter.add(1, { of: 'idle' });
      const seen: number[] = [];

      for (let i = 0; i < 4; i++) {
        busy.add(1);
        seen.push((await points()).length);
        clock.advance(30);
      }

      expect(seen).to.deep.equal([2, 2, 1, 1]);
      expect(await points()).to.deep.equal([[{ of: 'busy' }, 4]]);
    });

    it('stay as long as the same value is set again and again', async () => {
      const { meter, clock, points } = cellsWith(idle);
      const gauge = meter.createGauge('g').bind();

      for (let i = 0; i < 9; i++) {
        gauge.record(1);
        expect(await points()).to.have.length(1);
        clock.advance(30);
      }
    });

    it('wait for delta readers that have not collected them', async () => {
      const { meter, clock, points } = cellsWith({ ...idle, readers: [{}, { temporality: 'delta' }] });
      meter.createCounter('c').add(3);

      for (let i = 0; i < 5; i++) {
        await points(0);
        clock.advance(60);
      }

      expect(await points(1)).to.deep.equal([[{}, 3]]);
      expect(await points(0)).to.deep.equal([]);
    });

    it('leave while somebody traces, too', async () => {
      trace.setGlobalTracerProvider({ getTracer: () => ({}) as never });
      try {
        const { meter, clock, points } = cellsWith(idle);
        const [busy, gone] = [
          meter.createCounter('c').bind({ a: 1 }),
          meter.createCounter('c').bind({ a: 2 }),
        ];
        gone.add(1);
        for (let i = 0; i < 4; i++) {
          busy.add(1);
          await points();
          clock.advance(30);
        }

        expect(await points()).to.deep.equal([[{ a: 1 }, 4]]);
      } finally {
        trace.disable();
      }
    });

    it('stay for ever by default', async () => {
      const { meter, clock, points } = cellsWith();
      meter.createCounter('c').add(1);

      for (let i = 0; i < 3; i++) {
        clock.advance(1e6);
        expect(await points()).to.have.length(1);
      }
    });

    it('are refused an absurd time', () => {
      for (const seriesIdleTimeout of [0, -1, 'soon' as '1s', Number.NaN]) {
        expect(() => new CellMeterProvider({ seriesIdleTimeout })).to.throw(
          InvalidOptionError,
          'seriesIdleTimeout',
        );
      }
    });
  });
});

function byId(one: readonly unknown[], other: readonly unknown[]): number {
  return Number(one[0]) - Number(other[0]);
}
