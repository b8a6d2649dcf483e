import {
  AggregationTemporality,
  MeterProvider,
  MetricReader,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { ExportTap } from '../../../src/telemetry/readings/export-tap.js';
import { captureNotices } from '../../fakes/captured-notices.js';

describe('ExportTap', () => {
  it('hands on what a pull reader collects, and collects nothing itself', async () => {
    const { tap, reader, counts } = tapped();
    const heard: ResourceMetrics[] = [];
    tap.subscribe((exported) => heard.push(exported));

    const first = await reader.collect();
    const second = await reader.collect();

    expect(heard.map(namesIn)).to.deep.equal([['shop.orders'], ['shop.orders']]);
    expect(namesIn(first.resourceMetrics)).to.deep.equal(['shop.orders']);
    expect(heard[1]!.scopeMetrics).to.deep.equal(second.resourceMetrics.scopeMetrics);
    expect(counts.callbacks).to.equal(2);
  });

  it('hands on what a push exporter is given', async () => {
    const exported: ResourceMetrics[] = [];
    const exporter: PushMetricExporter = {
      export(metrics, done) {
        exported.push(metrics);
        done({ code: 0 });
      },
      async forceFlush() {},
      async shutdown() {},
      selectAggregationTemporality: () => AggregationTemporality.DELTA,
    };
    const tap = new ExportTap();
    const reader = tap.tapReader(
      new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 }),
    );
    const provider = new MeterProvider({ readers: [reader] });
    const heard: ResourceMetrics[] = [];
    tap.subscribe((metrics) => heard.push(metrics));

    provider.getMeter('shop').createCounter('shop.orders').add(3);
    await provider.forceFlush();
    const { length } = exported;
    await provider.shutdown();

    expect(length).to.equal(1);
    expect(heard.slice(0, 1).map(namesIn)).to.deep.equal([['shop.orders']]);
    expect(heard[0]!.scopeMetrics).to.deep.equal(exported[0]!.scopeMetrics);
  });

  it('gives the very reader back', () => {
    const reader = new PullReader();

    expect(new ExportTap().tapReader(reader)).to.equal(reader);
  });

  it('may tap several readers of one provider', async () => {
    const tap = new ExportTap();
    const readers = [tap.tapReader(new PullReader()), tap.tapReader(new PullReader())];
    const provider = new MeterProvider({ readers });
    provider.getMeter('shop').createCounter('shop.orders').add(1);
    let heard = 0;
    tap.subscribe(() => (heard += 1));

    for (const reader of readers) await reader.collect();

    expect(heard).to.equal(2);
  });

  it('hands on nothing after a listener was taken away', async () => {
    const { tap, reader } = tapped();
    let heard = 0;
    const cancel = tap.subscribe(() => (heard += 1));
    await reader.collect();

    cancel();
    cancel();
    await reader.collect();

    expect(heard).to.equal(1);
  });

  it('lets the export go on when a listener fails, and says so once', async () => {
    const notices = captureNotices();
    const { tap, reader } = tapped();
    let heard = 0;
    tap.subscribe(() => {
      throw new Error('full');
    });
    tap.subscribe(() => (heard += 1));

    const { resourceMetrics } = await reader.collect();
    await reader.collect();

    expect(namesIn(resourceMetrics)).to.deep.equal(['shop.orders']);
    expect(heard).to.equal(2);
    expect(notices.said).to.deep.equal(['a listener of exported metrics failed: Error: full']);
    notices.release();
  });

  it('leaves a reader what it was: it cannot be bound twice, and ends with its provider', async () => {
    const { reader, provider } = tapped();

    expect(() => new MeterProvider({ readers: [reader] })).to.throw('again');
    await provider.shutdown();
    const failed = await reader.collect().catch((error: Error) => error.message);

    expect(failed).to.equal('MetricReader is shutdown');
  });
});

class PullReader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}

  protected override async onForceFlush(): Promise<void> {}
}

function tapped() {
  const tap = new ExportTap();
  const reader = tap.tapReader(new PullReader());
  const provider = new MeterProvider({ readers: [reader] });
  const counts = { callbacks: 0 };
  provider
    .getMeter('shop')
    .createObservableCounter('shop.orders')
    .addCallback((result) => result.observe((counts.callbacks += 1)));
  return { tap, reader, provider, counts };
}

function namesIn({ scopeMetrics }: ResourceMetrics): string[] {
  return scopeMetrics.flatMap(({ metrics }) => metrics.map(({ descriptor }) => descriptor.name));
}
