import { expect } from 'chai';
import type { CollectionResult } from '@opentelemetry/sdk-metrics';
import { writeText } from '../../../src/export/prometheus/text.js';

type Resource = CollectionResult['resourceMetrics'];

const [HISTOGRAM, EXPONENTIAL, GAUGE, SUM] = [0, 1, 2, 3];

interface Given {
  readonly scope?: string;
  readonly name?: string;
  readonly unit?: string;
  readonly description?: string;
  readonly type?: number;
  readonly isMonotonic?: boolean;
  readonly points: readonly [attributes: object, value: unknown][];
}

function collected(...given: Given[]): Resource {
  const scopeMetrics = given.map(
    ({ scope = 'app', name = 'm', unit = '', description = '', type = SUM, isMonotonic = true, points }) => ({
      scope: { name: scope },
      metrics: [
        {
          descriptor: { name, unit, description },
          dataPointType: type,
          aggregationTemporality: 1,
          isMonotonic,
          dataPoints: points.map(([attributes, value]) => ({ attributes, value })),
        },
      ],
    }),
  );
  return { resource: { attributes: {} }, scopeMetrics } as unknown as Resource;
}

const lines = (resource: Resource) =>
  writeText(resource)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

describe('the Prometheus text', () => {
  it('opens a family with its help and type', () => {
    const text = writeText(
      collected({ name: 'a.b', unit: 's', description: 'Line one.\nTwo.', points: [[{ x: '1' }, 2]] }),
    );

    expect(text).to.equal(
      '# HELP a_b_seconds_total Line one.\\nTwo.\n# TYPE a_b_seconds_total counter\na_b_seconds_total{x="1"} 2\n',
    );
  });

  it('writes cumulative buckets, sum and count', () => {
    const value = { count: 6, sum: 1.5, buckets: { boundaries: [0.1, 1], counts: [3, 2, 1] } };

    expect(lines(collected({ type: HISTOGRAM, unit: 's', points: [[{ r: 'a' }, value]] }))).to.deep.equal([
      'm_seconds_bucket{r="a",le="0.1"} 3',
      'm_seconds_bucket{r="a",le="1"} 5',
      'm_seconds_bucket{r="a",le="+Inf"} 6',
      'm_seconds_sum{r="a"} 1.5',
      'm_seconds_count{r="a"} 6',
    ]);
  });

  it('never loses an exponential histogram', () => {
    const value = {
      count: 1,
      sum: 3,
      scale: 0,
      zeroCount: 0,
      positive: { offset: 1, bucketCounts: [1] },
      negative: { offset: 0, bucketCounts: [] },
    };

    expect(lines(collected({ type: EXPONENTIAL, points: [[{}, value]] }))).to.deep.equal([
      'm_bucket{le="4"} 1',
      'm_bucket{le="+Inf"} 1',
      'm_sum 3',
      'm_count 1',
    ]);
  });

  it('writes values as Prometheus reads them', () => {
    const points: [object, number][] = [Infinity, -Infinity, Number.NaN, 1e21, 0.1, -0].map((value, i) => [
      { i },
      value,
    ]);

    expect(lines(collected({ type: GAUGE, points })).map((line) => line.split(' ')[1])).to.deep.equal([
      '+Inf',
      '-Inf',
      'NaN',
      '1e+21',
      '0.1',
      '0',
    ]);
  });

  it('joins the values of names that become one label', () => {
    expect(lines(collected({ points: [[{ a_b: 'x', 'a.b': 'y', c: 'z' }, 1]] }))).to.deep.equal([
      'm_total{a_b="y;x",c="z"} 1',
    ]);
  });

  it('keeps the label le of a histogram for the buckets', () => {
    const value = { count: 1, sum: 1, buckets: { boundaries: [], counts: [1] } };

    expect(lines(collected({ type: HISTOGRAM, points: [[{ le: 'mine' }, value]] }))[0]).to.equal(
      'm_bucket{exported_le="mine",le="+Inf"} 1',
    );
  });

  it('never writes two lines with the same labels', () => {
    const sums = collected({
      points: [
        [{ a: 1 }, 2],
        [{ a: '1' }, 3],
      ],
    });
    const gauges = collected({
      type: GAUGE,
      points: [
        [{ a: 1 }, 2],
        [{ a: '1' }, 3],
      ],
    });
    const value = (n: number) => ({ count: n, sum: n, buckets: { boundaries: [1], counts: [n, 0] } });
    const histograms = collected({
      type: HISTOGRAM,
      points: [
        [{ a: 1 }, value(2)],
        [{ a: '1' }, value(3)],
      ],
    });

    expect(lines(sums)).to.deep.equal(['m_total{a="1"} 5']);
    expect(lines(gauges)).to.deep.equal(['m{a="1"} 3']);
    expect(lines(histograms)).to.include('m_count{a="1"} 5');
  });

  it('makes one family of a metric of two libraries and keeps them apart by scope', () => {
    const text = writeText(
      collected(
        { scope: 'one', description: 'First.', points: [[{}, 1]] },
        { scope: 'two', description: 'Second.', points: [[{}, 2]] },
      ),
    );

    expect(text).to.equal(
      '# HELP m_total First.\n# TYPE m_total counter\nm_total{otel_scope_name="one"} 1\nm_total{otel_scope_name="two"} 2\n',
    );
  });

  it('leaves out what would be a second type under one name', () => {
    const text = writeText(
      collected(
        { type: GAUGE, points: [[{}, 1]] },
        { name: 'm', type: SUM, isMonotonic: false, unit: '', points: [[{ x: 1 }, 2]] },
        { type: HISTOGRAM, points: [[{}, { count: 0, sum: 0, buckets: { boundaries: [], counts: [0] } }]] },
      ),
    );

    expect(text.match(/^# TYPE/gm)).to.have.lengthOf(1);
    expect(text).to.include('m{x="1"} 2');
  });

  it('closes with the resource as target_info', () => {
    const resource = { attributes: { 'service.name': 'shop "7"', 'service.version': '1' } };

    expect(writeText({ resource, scopeMetrics: [] } as unknown as Resource)).to.equal(
      '# HELP target_info Target metadata\n# TYPE target_info gauge\ntarget_info{service_name="shop \\"7\\"",service_version="1"} 1\n',
    );
  });

  it('writes nothing for nothing', () => {
    expect(writeText(collected({ points: [] }))).to.equal('');
  });
});
