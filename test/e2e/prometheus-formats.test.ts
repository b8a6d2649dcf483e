import {
  AggregationType,
  type MeterProvider as SdkMeterProvider,
  type ViewOptions,
} from '@opentelemetry/sdk-metrics';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { expect } from 'chai';
import {
  MetricsEndpoint,
  type MetricsEndpointOptions,
} from '../../src/export/prometheus/metrics-endpoint.js';
import type { MetricSource } from '../../src/export/prometheus/metric-source.js';
import { PullReader } from '../../src/telemetry/provider/pull-reader.js';
import { MetricsServer } from '../../src/export/prometheus/server.js';
import { CellMeterProvider } from '../../src/telemetry/provider/cell-meter-provider.js';
import {
  collected,
  EMPTY_BUCKETS,
  EXPONENTIAL,
  GAUGE,
  HISTOGRAM,
  type GivenMetric,
} from '../fakes/collected-metrics.js';
import { randomFrom } from '../fakes/random.js';
import {
  needsServer,
  promtool,
  startPrometheus,
  waitFor,
  type PrometheusOptions,
  type RunningPrometheus,
  type Sample,
} from './servers.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

/** A server of ours with a real Prometheus that scrapes it. */
interface Watched {
  readonly url: string;
  readonly prometheus: RunningPrometheus;
  stop(): Promise<void>;
}

interface WatchOptions extends Partial<PrometheusOptions> {
  readonly endpoint?: MetricsEndpointOptions;
  /** The format, where it is not Prometheus' choice. */
  readonly accept?: string;
}

async function watch(
  source: MetricSource,
  { endpoint: given, accept, ...options }: WatchOptions = {},
): Promise<Watched> {
  const endpoint = new MetricsEndpoint(source, given);
  if (accept !== undefined) {
    const { handler } = endpoint;
    const forced: typeof handler = (request, response) => {
      request.headers.accept = accept;
      return handler(request, response);
    };
    Object.assign(endpoint, { handler: forced });
  }
  const server = new MetricsServer(endpoint, { host: '127.0.0.1', port: 0, path: '/metrics' });
  await server.listen();
  const prometheus = await startPrometheus({ targets: [new URL(server.url!).host], ...options });
  return {
    url: server.url!,
    prometheus,
    async stop() {
      await prometheus.stop();
      await server.close();
    },
  };
}

/** The samples of a query, once there are some. */
function answered({ prometheus }: Watched, query: string): Promise<readonly Sample[]> {
  return waitFor(
    async () => {
      const found = await prometheus.query(query);
      return found.length > 0 ? found : undefined;
    },
    { what: query, timeout: 30 },
  );
}

const sourceOf = (metrics: readonly GivenMetric[]): MetricSource => ({
  collect: async () => collected(metrics, { 'service.name': 'shop' }),
});

const buckets = (boundaries: number[], counts: number[]) => ({
  count: counts.reduce((sum, count) => sum + count, 0),
  sum: 1,
  buckets: { boundaries, counts },
});

/** Everything that is hard to write. */
const HOSTILE: readonly GivenMetric[] = [
  {
    name: 'hostile.labels',
    description: 'Help with "quotes", \\ and\nmore lines. é 数',
    points: [
      'plain',
      'quote " backslash \\ newline \n end',
      'tab \t carriage \r return',
      'nul \u0000 and bell \u0007',
      'é 数 🎈 \u2028',
      '} { = , # EOF',
      '\\n',
      'half a pair \ud83d',
    ].map((value, i) => [{ value, 'with.dot': i, '1st': 'x' }, i + 1] as const),
  },
  { name: 'long.label', points: [[{ value: 'x'.repeat(1_000_000) }, 1]] },
  {
    name: 'collision',
    points: [
      [{ 'a.b': '1', a_b: '2' }, 1],
      [{ 'a.b': '1;2' }, 1],
      [{ n: 1 }, 1],
      [{ n: '1' }, 1],
    ],
  },
  {
    name: 'empty',
    points: [
      [{ a: '' }, 1],
      [{}, 2],
    ],
  },
  {
    name: 'numbers',
    type: GAUGE,
    points: [Number.NaN, Infinity, -Infinity, -0, 5e-324, 1e308].map((value, i) => [{ i }, value] as const),
  },
  {
    name: 'nothing.yet',
    unit: 's',
    type: HISTOGRAM,
    points: [[{}, { ...buckets([1, 2], [0, 0, 0]), sum: 0 }]],
  },
  { name: 'unbounded', type: HISTOGRAM, points: [[{ le: 'mine' }, buckets([], [3])]] },
  { name: 'no.series', points: [] },
  { name: '2xx', unit: 'weird unit!/{thing}', points: [[{}, 1]] },
  { name: 'same', type: GAUGE, points: [[{}, 1]] },
  { name: 'same', type: HISTOGRAM, points: [[{}, buckets([], [1])]] },
  { scope: 'one', name: 'twice', points: [[{}, 1]] },
  { scope: 'two', name: 'twice', points: [[{}, 1]] },
  { name: '__name__', type: GAUGE, points: [[{ __name__: 'x', __address__: 'y' }, 1]] },
  {
    name: 'exponential',
    type: EXPONENTIAL,
    points: [
      [
        {},
        {
          count: 3,
          sum: 1,
          scale: 20,
          zeroCount: 1,
          positive: { offset: -1_000_000, bucketCounts: [1, 1] },
          negative: EMPTY_BUCKETS,
        },
      ],
    ],
  },
];

describe('e2e formats of /metrics in a real Prometheus', function () {
  this.timeout(90_000);
  let watched: Watched | undefined;

  before(function () {
    needsServer(this, 'prometheus');
    needsServer(this, 'promtool');
  });
  afterEach(async () => {
    await watched?.stop();
    watched = undefined;
  });

  for (const accept of [
    'text/plain; version=0.0.4',
    'application/openmetrics-text; version=1.0.0',
    'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
  ]) {
    it(`survive everything that is hard to write: ${accept.split(';', 1)[0]}`, async () => {
      watched = await watch(sourceOf(HOSTILE), { accept });
      const { prometheus } = watched;

      await answered(watched, 'up == 1');
      const labels = await answered(watched, 'hostile_labels_total');
      const values = labels.map(({ metric }) => metric['value']);

      expect(values).to.have.members([
        'plain',
        'quote " backslash \\ newline \n end',
        'tab \t carriage \r return',
        'nul \u0000 and bell \u0007',
        'é 数 🎈 \u2028',
        '} { = , # EOF',
        '\\n',
        'half a pair \ufffd',
      ]);
      expect(labels[0]?.metric).to.include({ key_1st: 'x' }).and.to.have.property('with_dot');
      expect(await prometheus.query('count(long_label_total)')).to.have.lengthOf(1);
      expect((await prometheus.query('collision_total')).map(({ value }) => value[1])).to.have.members([
        '2',
        '2',
      ]);
      expect((await prometheus.query('empty_total')).map(({ value }) => value[1])).to.deep.equal(['3']);
      expect((await prometheus.query('count(numbers)'))[0]?.value[1]).to.equal('6');
      expect(await prometheus.query('twice_total')).to.have.lengthOf(2);
      expect(await prometheus.query('target_info{service_name="shop"}')).to.have.lengthOf(1);
      const [target] = await prometheus.targets();
      expect(target).to.include({ health: 'up', lastError: '' });
    });
  }

  it('find nothing wrong with the text of ordinary metrics', async () => {
    const endpoint = new MetricsEndpoint(
      sourceOf([
        { name: 'http.server.requests', description: 'Requests.', points: [[{ route: '/a' }, 1]] },
        {
          name: 'http.server.duration',
          unit: 's',
          description: 'Durations.',
          type: HISTOGRAM,
          points: [[{}, buckets([0.1, 1], [1, 2, 3])]],
        },
        { name: 'load', unit: '1', description: 'Load.', type: GAUGE, points: [[{}, 0.5]] },
      ]),
    );
    const response = await endpoint.fetchHandler(new Request('http://localhost/metrics'));

    const { code, stdout, stderr } = await promtool(['check', 'metrics'], await response.text());

    expect([code, stdout, stderr]).to.deep.equal([0, '', '']);
  });

  it('have exemplars that lead to their traces', async () => {
    const now = () => Math.trunc(Date.now() / 1000);
    const exemplar = (value: number) => ({
      value,
      timestamp: [now(), 0] as [number, number],
      traceId: TRACE,
      spanId: 'b7ad6b7169203331',
    });
    const source: MetricSource = {
      collect: async () =>
        collected([
          {
            name: 'latency',
            unit: 's',
            type: HISTOGRAM,
            points: [[{ route: '/a' }, buckets([0.1, 1], [1, 2, 0]), [exemplar(0.5)]]],
          },
          { name: 'orders', points: [[{}, 3, [exemplar(1)]]] },
        ]),
    };
    watched = await watch(source, { accept: 'application/openmetrics-text; version=1.0.0' });
    const { prometheus } = watched;

    const found = await waitFor(
      async () => {
        const query = new URLSearchParams({
          query: '{__name__=~"latency_seconds_bucket|orders_total"}',
          start: String(now() - 600),
          end: String(now() + 600),
        });
        const answer = (await (
          await fetch(`${prometheus.url}/api/v1/query_exemplars?${query.toString()}`)
        ).json()) as {
          data: {
            seriesLabels: Record<string, string>;
            exemplars: { labels: Record<string, string>; value: string }[];
          }[];
        };
        return answer.data.length >= 2 ? answer.data : undefined;
      },
      { what: 'exemplars', timeout: 30 },
    );

    const byName = new Map(found.map((series) => [series.seriesLabels['__name__'], series]));
    expect(byName.get('latency_seconds_bucket')?.seriesLabels).to.include({ route: '/a', le: '1.0' });
    expect(byName.get('latency_seconds_bucket')?.exemplars[0]).to.deep.include({ value: '0.5' });
    expect(byName.get('orders_total')?.exemplars[0]?.labels).to.deep.equal({
      trace_id: TRACE,
      span_id: 'b7ad6b7169203331',
    });
  });

  for (const kind of ['cells', 'sdk'] as const) {
    it(`have native histograms with quantiles near the truth, of ${kind}`, async () => {
      const reader = new PullReader();
      const views: ViewOptions[] = [
        { instrumentName: '*', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } },
      ];
      const provider = await providerOf(kind, reader, views);
      const histogram = provider.getMeter('app').createHistogram('demo.latency', { unit: 's' });
      const random = randomFrom(7);
      // Over three orders of magnitude, so that the bounds of the page count.
      const values = Array.from({ length: 20_000 }, () => Math.exp(random() * 6 - 6));
      for (const value of values) histogram.record(value, { route: '/a' });
      watched = await watch(reader);

      const [count] = await answered(watched, 'histogram_count(demo_latency_seconds)');
      expect(count?.value[1]).to.equal('20000');
      const sorted = values.toSorted((a, b) => a - b);
      for (const share of [0.5, 0.9, 0.99]) {
        const [sample] = await answered(
          watched,
          `histogram_quantile(${share}, demo_latency_seconds{route="/a"})`,
        );
        const truth = sorted[Math.ceil(share * sorted.length) - 1]!;
        expect(Number(sample!.value[1]) / truth, `quantile ${share}`).to.be.within(0.98, 1.02);
      }
      expect(await watched.prometheus.query('demo_latency_seconds_bucket')).to.deep.equal([]);
      await provider.shutdown();
    });
  }

  it('have every series of a large page, in several messages', async () => {
    const points = Array.from({ length: 5000 }, (_, i) => [{ operation: `number ${i}` }, i] as const);
    watched = await watch(sourceOf([{ name: 'many', points }]));

    const [count] = await answered(watched, 'count(many_total)');

    expect(count?.value[1]).to.equal('5000');
  });

  it('are scraped with a password', async () => {
    watched = await watch(sourceOf([{ points: [[{}, 1]] }]), {
      endpoint: { auth: { username: 'prom', password: 'sesame' }, allow: ['127.0.0.0/8'] },
      scrape: { basic_auth: { username: 'prom', password: 'sesame' } },
    });

    expect(await answered(watched, 'm_total')).to.have.lengthOf(1);
    expect((await fetch(watched.url)).status).to.equal(401);
  });
});

async function providerOf(
  kind: 'cells' | 'sdk',
  reader: PullReader,
  views: ViewOptions[],
): Promise<CellMeterProvider | SdkMeterProvider> {
  const resource = resourceFromAttributes({ 'service.name': 'shop' });
  if (kind === 'cells') return new CellMeterProvider({ resource, readers: [reader], views });
  const { MeterProvider } = await import('@opentelemetry/sdk-metrics');
  return new MeterProvider({ resource, readers: [reader], views });
}
