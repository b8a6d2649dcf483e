import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { startPerformance } from '../../../src/performance.js';
import { ExportTap } from '../../../src/telemetry/readings/export-tap.js';
import { ExportedReadings } from '../../../src/telemetry/readings/exported-readings.js';
import { waitFor } from '../../e2e/wait-for.js';

/**
 * Why nobody here adds a reader to a provider. The runtime instrumentation of OpenTelemetry starts its histogram of the
 * delay anew each time anybody collects, so whoever collects first takes the stall, and the others never see it.
 */
const DELAY = 'nodejs.eventloop.delay.max';
const STALL_MS = 400;

describe('a stall of the event loop', () => {
  let instrumentation: RuntimeNodeInstrumentation;
  let witness: IntervalHistogram;

  beforeEach(() => {
    witness = monitorEventLoopDelay({ resolution: 10 });
    witness.enable();
    instrumentation = new RuntimeNodeInstrumentation({ enabled: false });
  });

  afterEach(() => {
    instrumentation.disable();
    witness.disable();
  });

  it('is exported as long as it was while somebody listens through the tap', async () => {
    const tap = new ExportTap();
    const exporter = tap.tapReader(new PullReader());
    const readings = new ExportedReadings(tap, [DELAY]);
    watch([exporter]);
    await exporter.collect();

    await stall();
    // As often as an optimizer may like to: nothing is collected for it.
    const asked = Array.from({ length: 10 }, () => readings.last(DELAY)?.value);
    const exported = await delayIn(exporter);

    expect(exported).to.be.at.least((STALL_MS * 0.9) / 1000);
    expect(readings.last(DELAY)?.value).to.equal(exported);
    expect(new Set(asked).size).to.equal(1);
  });

  it('is exported as long as it was with everything of ours on, the optimizer looking all the time', async () => {
    const exporter = new PullReader();
    const perf = startPerformance({ exporters: [], readers: [exporter], registerGlobal: false });
    perf.optimizer.startAutoOptimization({ interval: 0.02 });
    const readings = new ExportedReadings(perf.exportTap!, [DELAY]);
    instrumentation.setMeterProvider(perf.meterProvider);
    instrumentation.enable();
    await perf.ready;
    await exporter.collect();

    await stall();
    await perf.optimizer.optimizeAll();
    const exported = await delayIn(exporter);
    await perf.shutdown();

    expect(exported).to.be.at.least((STALL_MS * 0.9) / 1000);
    expect(readings.last(DELAY)?.value).to.equal(exported);
  });

  it('is taken from the exporter by a second reader that is faster', async () => {
    const [exporter, second] = [new PullReader(), new PullReader()];
    watch([exporter, second]);
    await exporter.collect();

    await stall();
    const taken = await delayIn(second);
    // It tells nothing of fewer than five.
    await ticks(8);
    const exported = await delayIn(exporter);

    expect(taken).to.be.at.least((STALL_MS * 0.9) / 1000);
    expect(exported).to.be.below(taken);
  });

  function watch(readers: MetricReader[]): void {
    instrumentation.setMeterProvider(new MeterProvider({ readers }));
    instrumentation.enable();
  }

  /** Blocks, and waits until what watches the delay has noticed. */
  async function stall(): Promise<void> {
    await ticks(2);
    const end = performance.now() + STALL_MS;
    while (performance.now() < end);
    await waitFor(() => witness.max >= STALL_MS * 0.9 * 1e6, { what: 'the stall to be noticed' });
    await ticks(2);
  }

  async function ticks(count: number): Promise<void> {
    const from = witness.count;
    await waitFor(() => witness.count >= from + count, { what: 'ticks of the witness' });
  }
});

class PullReader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}

  protected override async onForceFlush(): Promise<void> {}
}

async function delayIn(reader: MetricReader): Promise<number> {
  const { resourceMetrics } = await reader.collect();
  const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
  return all.find(({ descriptor }) => descriptor.name === DELAY)!.dataPoints[0]!.value as number;
}
