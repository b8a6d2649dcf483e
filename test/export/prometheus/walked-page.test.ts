import { ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import { AggregationType, MetricReader, AggregationTemporality } from '@opentelemetry/sdk-metrics';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { expect } from 'chai';
import { MetricsEndpoint } from '../../../src/export/prometheus/metrics-endpoint.js';
import { PullReader } from '../../../src/telemetry/provider/pull-reader.js';
import { CellMeterProvider } from '../../../src/telemetry/provider/cell-meter-provider.js';
import { ExportTap } from '../../../src/telemetry/readings/export-tap.js';

const FORMATS = [
  'text/plain',
  'application/openmetrics-text',
  'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
];

class DeltaReader extends MetricReader {
  constructor() {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.DELTA });
  }
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

/** A provider of cells with one of each instrument, and the pages of an endpoint that walks, and of one that collects. */
function recorded(readers: readonly MetricReader[] = []) {
  const reader = new PullReader();
  const resource = resourceFromAttributes({ 'service.name': 'test' });
  const views = [
    { instrumentName: 'exponential', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } } as const,
  ];
  const provider = new CellMeterProvider({ readers: [reader, ...readers], resource, views });
  const meter = provider.getMeter('app', '1');
  const counter = meter.createCounter('requests', { unit: '{request}', description: 'Requests.' });
  const histogram = meter.createHistogram('latency', {
    unit: 's',
    advice: { explicitBucketBoundaries: [0.1, 1] },
  });
  const exponential = meter.createHistogram('exponential', { unit: 's' });
  meter.createGauge('load').record(0.5);
  meter.createCounter('untouched');
  const calls = { count: 0 };
  meter.createObservableUpDownCounter('queue').addCallback((result) => {
    calls.count += 1;
    result.observe(3, { name: 'a' });
  });
  const record = () => {
    for (let i = 0; i < 50; i++) {
      counter.add(1, { route: `/${i}`, 'http.method': 'GET' });
      histogram.record(i / 25, { route: `/${i % 5}` });
      exponential.record(i / 25, { route: `/${i % 5}` });
    }
  };
  record();
  const walking = new MetricsEndpoint(reader);
  const collecting = new MetricsEndpoint({ collect: (options) => reader.collect(options) });
  const page = async (endpoint: MetricsEndpoint, accept = 'text/plain') => {
    const response = await endpoint.fetchHandler(new Request('http://localhost/', { headers: { accept } }));
    return Buffer.from(await response.arrayBuffer()).toString('latin1');
  };
  return { meter, counter, record, calls, walking, collecting, page };
}

describe('a page read off the cells', () => {
  for (const format of FORMATS) {
    it(`is the same as one of collected points: ${format.slice(0, 30)}`, async () => {
      const { record, walking, collecting, page } = recorded();

      for (let round = 0; round < 3; round++) {
        expect(await page(walking, format)).to.equal(await page(collecting, format));
        record();
      }
    });
  }

  it('is the same where it is of many pieces, and where several are read at once', async () => {
    const { meter, walking, collecting, page } = recorded();
    const counter = meter.createCounter('many');
    const gauge = meter.createGauge('levels');
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 1900; i++) {
        counter.add(10 ** (round * (i % 4)), { route: `/${i}`, method: 'GET' });
        gauge.record(i / (round + 1), { route: `/${i}` });
      }
      const expected = await page(collecting);
      expect(expected.length).to.be.above(128 * 1024);
      const formats = ['text/plain', 'application/openmetrics-text', 'text/plain'];
      const [one, , other] = await Promise.all(formats.map((format) => page(walking, format)));
      expect([one === expected, other === expected]).to.deep.equal([true, true]);
    }
  });

  it('is the same beside a reader of deltas', async () => {
    const delta = new DeltaReader();
    const { record, walking, collecting, page } = recorded([delta]);

    await delta.collect();
    record();
    const walked = await page(walking);
    expect(walked).to.equal(await page(collecting));
    expect(walked).to.match(/^requests_total\{route="\/7",http_method="GET"\} 2$/m);
  });

  it('has the exemplars of what was recorded in spans', async () => {
    trace.setGlobalTracerProvider({ getTracer: () => ({}) as never });
    try {
      const { meter, walking, collecting, page } = recorded();
      const span = {
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
        traceFlags: TraceFlags.SAMPLED,
      };
      const within = trace.setSpanContext(ROOT_CONTEXT, span);
      meter.createCounter('traced').add(2, {}, within);
      meter
        .createHistogram('traced.size', { advice: { explicitBucketBoundaries: [10] } })
        .record(4, {}, within);

      const walked = await page(walking, 'application/openmetrics-text');

      const exemplar = `# {trace_id="${span.traceId}",span_id="${span.spanId}"}`;
      expect(walked).to.include(`traced_total 2 ${exemplar} 2 `);
      expect(walked).to.include(`traced_size_bucket{le="10.0"} 1 ${exemplar} 4 `);
      expect(walked).to.equal(await page(collecting, 'application/openmetrics-text'));
      expect(await page(walking, FORMATS[2])).to.include(span.traceId);
    } finally {
      trace.disable();
    }
  });

  it('runs callbacks once', async () => {
    const { calls, walking, page } = recorded();

    await page(walking);

    expect(calls.count).to.equal(1);
  });

  it('keeps labels apart when series come and go', async () => {
    const { counter, walking, page } = recorded();
    const linesOf = async () => (await page(walking)).match(/^requests_total.*$/gm)!;
    expect(await linesOf()).to.have.lengthOf(50);

    counter.add(5, { route: '/new' });
    expect(await linesOf()).to.include('requests_total{route="/new"} 5');

    counter.add(1, { 'http.method': 1, route: '/7' });
    counter.add(2, { 'http.method': '1', route: '/7' });
    expect(await linesOf()).to.include('requests_total{http_method="1",route="/7"} 3');
  });

  it('forgets series that were removed, and what takes their place is itself', async () => {
    const { counter, walking, page } = recorded();
    const linesOf = async () => (await page(walking)).match(/^requests_total.*$/gm)!;
    await linesOf();

    expect(counter.remove({ route: '/7', 'http.method': 'GET' })).to.equal(true);
    expect(await linesOf()).to.have.lengthOf(49);

    counter.add(4, { route: '/other' });
    const lines = await linesOf();
    expect(lines).to.have.lengthOf(50).and.to.include('requests_total{route="/other"} 4');
    expect(lines.join('\n')).to.not.include('"/7"');
  });

  it('gives who taps the exports points, and walks again afterwards', async () => {
    const tap = new ExportTap();
    const reader = tap.tapReader(new PullReader());
    const provider = new CellMeterProvider({ readers: [reader], resource: resourceFromAttributes({}) });
    provider.getMeter('app').createCounter('requests').add(1);
    const heard: number[] = [];
    expect(await reader.walkSeries()).to.have.nested.property('metrics.length', 1);

    const stop = tap.subscribe(({ scopeMetrics }) => heard.push(scopeMetrics.length));
    expect(reader.walkSeries()).to.equal(undefined);
    const response = await new MetricsEndpoint(reader).fetchHandler(new Request('http://localhost/'));

    expect(await response.text()).to.include('requests_total 1\n');
    expect(heard).to.deep.equal([1]);
    stop();
    expect(reader.walkSeries()).to.not.equal(undefined);
  });
});
