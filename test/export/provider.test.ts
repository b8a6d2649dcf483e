import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { buildProvider, shutdownProvider, type ProviderOptions } from '../../src/export/provider.js';
import { isRegistered } from '../../src/export/global-provider.js';
import { CellMeterProvider } from '../../src/telemetry/provider/cell-meter-provider.js';

const OPTIONS: ProviderOptions = {
  kind: 'cells',
  resourceAttributes: { 'service.name': 'shop' },
  exporters: [],
  otlp: { protocol: 'http/protobuf', hasExponentialHistograms: false, timeoutMs: 10_000 },
  exportIntervalMs: 60_000,
  exportTimeoutMs: 30_000,
  readers: [],
  views: [],
};

describe('buildProvider', () => {
  for (const kind of ['cells', 'sdk'] as const) {
    describe(`of ${kind}`, () => {
      it('has the reader of /metrics, the resource and the Views', async () => {
        const { provider, pullReader } = buildProvider({
          ...OPTIONS,
          kind,
          exporters: ['prometheus'],
          views: [{ instrumentName: 'orders', name: 'shop.orders' }],
        });
        provider.getMeter('shop').createCounter('orders').add(1);

        const { resourceMetrics } = await pullReader!.collect();

        expect(provider).to.be.instanceOf(kind === 'cells' ? CellMeterProvider : MeterProvider);
        expect(resourceMetrics.resource.attributes).to.include({
          'service.name': 'shop',
          'telemetry.distro.name': '@gary-zero/performance',
        });
        expect(resourceMetrics.scopeMetrics[0]?.metrics[0]?.descriptor.name).to.equal('shop.orders');
        await shutdownProvider(provider, 1000);
        expect(isRegistered(provider)).to.equal(false);
      });

      it('pushes exponential histograms where they are preferred', async () => {
        const { provider, exportTap } = buildProvider({
          ...OPTIONS,
          kind,
          exporters: ['otlp'],
          otlp: { ...OPTIONS.otlp, hasExponentialHistograms: true },
          exportTimeoutMs: 100,
        });
        const heard: unknown[] = [];
        exportTap.subscribe(({ scopeMetrics }) =>
          heard.push(scopeMetrics[0]?.metrics[0]?.dataPoints[0]?.value),
        );
        provider.getMeter('shop').createHistogram('latency').record(1);

        // Nobody listens there: what was collected for the exporter is looked at.
        await shutdownProvider(provider, 100).catch(() => {});

        expect(heard[0]).to.include.keys('scale', 'zeroCount', 'positive');
      });
    });
  }

  it('loads the SDK only where something needs it', () => {
    const loadedWith = (exporters: string) =>
      spawnSync(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '--eval', loadedSdkScript(exporters)],
        { encoding: 'utf8' },
      );

    const [pulled, pushed] = [loadedWith('prometheus'), loadedWith('console')];

    expect(pulled.stderr + pushed.stderr).to.equal('');
    expect([pulled.stdout.trim(), pushed.stdout.trim()]).to.deep.equal(['without the SDK', 'with the SDK']);
  });
});

/** What is loaded once everything runs, the observers of the resource tracker included. */
function loadedSdkScript(exporter: string): string {
  return `
    import { createRequire } from 'node:module';
    import { startPerformance } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)};
    const prometheus = ${exporter === 'prometheus' ? '{ port: 0 }' : 'false'};
    const perf = startPerformance({ exporters: ['${exporter}'], prometheus, optimizer: { auto: false } });
    await perf.ready;
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(loaded.some((path) => path.includes('sdk-metrics')) ? 'with the SDK' : 'without the SDK');
    process.exit();
  `;
}
