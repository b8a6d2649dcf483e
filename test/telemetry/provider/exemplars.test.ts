import { context, ROOT_CONTEXT, trace, TraceFlags, type Context } from '@opentelemetry/api';
import { AggregationType } from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { PullReader } from '../../../src/telemetry/provider/pull-reader.js';
import { CellMeterProvider } from '../../../src/telemetry/provider/cell-meter-provider.js';
import type { PointExemplar } from '../../../src/telemetry/provider/walk-series.js';
import { cellsWith, type Cells, type CellsOptions } from '../../fakes/cells-with.js';
import { FakeClock } from '../../fakes/fake-clock.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

describe('exemplars', () => {
  beforeEach(() => trace.setGlobalTracerProvider({ getTracer: () => ({}) as never }));

  afterEach(() => {
    trace.disable();
    context.disable();
  });

  it('are the last measurement of each bucket that was made in a sampled span', async () => {
    const { meter, clock, exemplars } = traced();
    const histogram = meter.createHistogram('h', { advice: { explicitBucketBoundaries: [1, 10] } });

    for (const [i, value] of [0.5, 0.7, 5, 50].entries()) {
      histogram.record(value, {}, inSpan(`${i}`));
      clock.advance(0.1);
    }

    const found = await exemplars();
    expect(found.map(({ value, spanId, traceId }) => [value, spanId, traceId])).to.deep.equal([
      [0.7, '1', TRACE_ID],
      [5, '2', TRACE_ID],
      [50, '3', TRACE_ID],
    ]);
    const ends = found.map(({ timestamp: [seconds, nanos] }) => seconds * 1000 + nanos / 1e6);
    expect(ends.map((ms) => Math.round(clock.wallNow() - ms))).to.deep.equal([300, 200, 100]);
  });

  it('are of the span that is active, for bound series as well', async () => {
    const { meter, exemplars } = traced();
    const counter = meter.createCounter('c').bind({ a: 1 });
    withActive(inSpan('active'));

    counter.add(3);

    expect((await exemplars()).map(({ value, spanId }) => [value, spanId])).to.deep.equal([[3, 'active']]);
  });

  it('are not made of what is measured outside of spans, or in one that is not sampled', async () => {
    const { meter, clock, exemplars } = traced();
    const counter = meter.createCounter('c');

    counter.add(1);
    clock.advance(0.1);
    counter.add(1, {}, inSpan('dropped', TraceFlags.NONE));

    expect(await exemplars()).to.deep.equal([]);
  });

  it('are looked for once in a tenth of a second for each series', async () => {
    const { meter, clock, exemplars } = traced();
    const gauge = meter.createGauge('g');
    let looks = 0;
    withActive(ROOT_CONTEXT, () => (looks += 1));

    for (let i = 0; i < 100; i++) gauge.record(i, { of: i % 2 });
    expect(looks).to.equal(2);
    clock.advance(0.1);
    gauge.record(7, { of: 0 });

    expect(looks).to.equal(3);
    expect(await exemplars()).to.deep.equal([]);
  });

  it('are as many as the specification says for other kinds than buckets', async () => {
    const views = [{ instrumentName: 'h', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }];
    const { meter, clock, collect } = traced({ views });
    const [counter, histogram] = [meter.createCounter('c'), meter.createHistogram('h')];

    for (let i = 1; i <= 50; i++) {
      counter.add(i, {}, inSpan(`${i}`));
      histogram.record(i, {}, inSpan(`${i}`));
      clock.advance(0.1);
    }

    const counts = (await collect()).map(({ name, data }) => [name, exemplarsIn(data.dataPoints).length]);
    expect(Object.fromEntries(counts)).to.deep.equal({ c: 1, h: 20 });
  });

  it('name the attributes a View has dropped', async () => {
    const process = ({ route }: Record<string, unknown>) => ({ route }) as never;
    const views = [{ instrumentName: '*', attributesProcessors: [{ process }] }];
    const { meter, exemplars } = traced({ views });

    meter.createCounter('c').add(1, { route: '/', user: 'u7' }, inSpan('s'));

    expect((await exemplars())[0]?.filteredAttributes).to.deep.equal({ user: 'u7' });
  });

  it('belong to the interval for delta readers, and stay for cumulative ones', async () => {
    const { meter, clock, exemplars } = traced({ readers: [{}, { temporality: 'delta' }] });
    const counter = meter.createCounter('c');
    const seen: unknown[] = [];

    for (const spanId of ['first', undefined]) {
      counter.add(1, {}, spanId === undefined ? ROOT_CONTEXT : inSpan(spanId));
      clock.advance(1);
      for (const reader of [0, 1]) seen.push((await exemplars(reader)).map((one) => one.spanId));
      clock.advance(1);
    }

    expect(seen).to.deep.equal([['first'], ['first'], ['first'], []]);
  });

  it('begin with the first collection after a tracer was registered, and end with it', async () => {
    trace.disable();
    const { meter, clock, exemplars } = traced();
    const counter = meter.createCounter('c').bind();
    withActive(inSpan('s'));
    const seen: number[] = [];
    const measure = async () => {
      counter.add(1);
      clock.advance(0.1);
      seen.push((await exemplars()).length);
    };

    await measure();
    trace.setGlobalTracerProvider({ getTracer: () => ({}) as never });
    await measure();
    await measure();
    trace.disable();
    await measure();

    expect(seen).to.deep.equal([0, 0, 1, 0]);
  });

  it('need no timer without a tracer, nor after shutdown', async () => {
    const { meter, provider, clock } = traced();
    meter.createCounter('c').add(1);
    expect(clock.timers, 'while somebody traces').to.equal(1);

    await provider.shutdown();

    expect(clock.timers).to.equal(0);
  });

  it('are left out where they are not wanted', async () => {
    const { meter, clock, exemplars } = traced({ exemplars: false });

    meter.createCounter('c').add(1, {}, inSpan('s'));

    expect([await exemplars(), clock.timers]).to.deep.equal([[], 0]);
  });

  it('leave with their series', async () => {
    const { meter, clock, exemplars } = traced();
    const counter = meter.createCounter('c');
    counter.add(1, { a: 1 }, inSpan('s'));

    counter.remove({ a: 1 });
    clock.advance(0.1);
    counter.add(1, { b: 1 });

    expect(await exemplars()).to.deep.equal([]);
  });

  it('are walked with their series, too', async () => {
    const reader = new PullReader();
    const provider = new CellMeterProvider({ readers: [reader], clock: new FakeClock() });
    provider.getMeter('shop').createCounter('c').add(1, {}, inSpan('s'));

    const { metrics } = await reader.walkSeries()!;

    expect(metrics[0]?.exemplars?.(0).map(({ spanId }) => spanId)).to.deep.equal(['s']);
    await provider.shutdown();
  });

  it('cost a measurement nothing when its attributes cannot be read', async () => {
    const { meter, value } = traced();
    const hostile = Object.defineProperty({}, 'a', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });

    expect(() => meter.createCounter('c').add(2, hostile, inSpan('s'))).not.to.throw();
    expect(await value()).to.equal(2);
  });
});

interface Traced extends Cells {
  /** Of the only metric. */
  exemplars(reader?: number): Promise<readonly PointExemplar[]>;
}

function traced(options: CellsOptions = {}): Traced {
  const cells = cellsWith(options);
  const exemplars = async (reader?: number) =>
    exemplarsIn((await cells.collect(reader)).flatMap(({ data }) => data.dataPoints as unknown[]));
  return { ...cells, exemplars };
}

function exemplarsIn(points: readonly unknown[]): readonly PointExemplar[] {
  return points.flatMap((point) => (point as { exemplars?: PointExemplar[] }).exemplars ?? []);
}

function inSpan(spanId: string, traceFlags = TraceFlags.SAMPLED): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE_ID, spanId, traceFlags });
}

function withActive(active: Context, onLook = () => {}): void {
  context.setGlobalContextManager({
    active: () => (onLook(), active),
    with: () => undefined as never,
    bind: (_, target) => target,
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  });
}
