import { metrics } from '@opentelemetry/api';
import { expect } from 'chai';
import { startPerformance, type Performance } from '../../src/performance.js';
import { captureNotices } from '../fakes/captured-notices.js';
import { startCollector, type RunningCollector } from './collector-process.js';
import { needsServer, waitFor } from './servers.js';

describe('e2e the ways to a real collector', function () {
  this.timeout(60_000);
  let collector: RunningCollector;
  let running: Performance | undefined;
  const environment = { ...process.env };

  before(async function () {
    needsServer(this, 'otelcol');
    collector = await startCollector();
  });
  after(() => collector?.stop());
  afterEach(async () => {
    await running?.shutdown();
    running = undefined;
    metrics.disable();
    for (const name of Object.keys(process.env))
      if (!(name in environment)) Reflect.deleteProperty(process.env, name);
  });

  function start(variables: Record<string, string>): Performance {
    Object.assign(process.env, { OTEL_METRIC_EXPORT_INTERVAL: '3600000' }, variables);
    return (running = startPerformance({ exporters: ['otlp'], optimizer: { auto: false } }));
  }

  const flush = ({ meterProvider }: Performance) =>
    (meterProvider as unknown as { forceFlush(): Promise<void> }).forceFlush();
  const page = async () => (await fetch(collector.metricsUrl)).text();

  for (const protocol of ['http/protobuf', 'http/json', 'grpc'] as const) {
    for (const compression of ['none', 'gzip']) {
      it(`${protocol} with compression ${compression}`, async () => {
        const name = `e2e_${protocol}_${compression}`.replaceAll(/\W/g, '_');
        const perf = start({
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          OTEL_EXPORTER_OTLP_COMPRESSION: compression,
          OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? collector.grpcUrl : collector.otlpUrl,
        });
        perf.monitor.recordCounter(name, 7);

        await flush(perf);

        const text = await waitFor(
          async () => {
            const served = await page();
            return served.includes(name) && served;
          },
          { what: name },
        );
        expect(text).to.match(new RegExp(`^${name}_total\\{.*instance="[0-9a-f-]{36}".*\\} 7$`, 'm'));
      });
    }
  }

  it('brings exponential histograms', async () => {
    const perf = start({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.otlpUrl,
      OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram',
    });
    perf.monitor.recordHistogram('e2e_exponential', 0.2);

    await flush(perf);

    // Its text format has no buckets for them; the type and the count tell that it came.
    await waitFor(async () => /^# TYPE e2e_exponential\w* histogram$/m.test(await page()), {
      what: 'an exponential histogram',
    });
  });

  for (const protocol of ['http/protobuf', 'grpc'] as const) {
    it(`finds a collector again that was gone, over ${protocol}`, async () => {
      const notices = captureNotices();
      const other = await startCollector();
      const [, port] = /:(\d+)$/.exec(protocol === 'grpc' ? other.grpcUrl : other.otlpUrl)!;
      let again: RunningCollector | undefined;
      try {
        const perf = start({
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
          OTEL_EXPORTER_OTLP_TIMEOUT: '500',
        });
        perf.monitor.recordCounter('e2e_survivor', 1);
        await flush(perf);
        await other.stop();
        perf.monitor.recordCounter('e2e_survivor', 2);
        for (let push = 0; push < 3; push++) await flush(perf).catch(() => {});
        expect(notices.said.filter((text) => text.includes('fails'))).to.have.length(1);

        const variable = protocol === 'grpc' ? 'OTELCOL_GRPC_ENDPOINT' : 'OTELCOL_HTTP_ENDPOINT';
        again = await startCollector({ env: { [variable]: `127.0.0.1:${port}` } });
        await waitFor(() => flush(perf).then(() => true), { what: 'a push that works', timeout: 30 });

        const { metricsUrl } = again;
        await waitFor(
          async () => /^e2e_survivor_total\{.*\} 3$/m.test(await (await fetch(metricsUrl)).text()),
          {
            what: 'what was counted meanwhile',
          },
        );
        expect(notices.said.filter((text) => text.includes('works again'))).to.have.length(1);
      } finally {
        await other.stop();
        await again?.stop();
        notices.release();
      }
    });
  }
});
