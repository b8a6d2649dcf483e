import { expect } from 'chai';
import {
  EMPTY_BUCKETS,
  EXPONENTIAL,
  GAUGE,
  HISTOGRAM,
  pageBytes,
  type GivenMetric,
  type PageOptions,
} from '../../fakes/collected-metrics.js';
import { decodeDelimited, unzigzag, type Message } from '../../fakes/decoded-families.js';

const accept = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';

function families(metrics: readonly GivenMetric[], options: PageOptions = {}): Message[] {
  return decodeDelimited(pageBytes(metrics, { accept, ...options }));
}

const labelsOf = (message: Message | undefined) =>
  message?.messages(1).map((pair) => [pair.text(1), pair.text(2)]);

describe('the protobuf of a page', () => {
  it('has families with name, help, type, unit and labels', () => {
    const [family, ...others] = families([
      { name: 'cpu.time', unit: 's', description: 'Time.', points: [[{ a: 'é', b: 'x'.repeat(300) }, 2.5]] },
    ]);

    expect(others).to.deep.equal([]);
    expect([family!.text(1), family!.text(2), family!.number(3), family!.text(5)]).to.deep.equal([
      'cpu_time_seconds_total',
      'Time.',
      0,
      'seconds',
    ]);
    const [metric] = family!.messages(4);
    expect(labelsOf(metric)).to.deep.equal([
      ['a', 'é'],
      ['b', 'x'.repeat(300)],
    ]);
    expect(metric!.messages(3)[0]!.number(1)).to.equal(2.5);
  });

  it('has gauges with every number there is', () => {
    const values = [-0, Number.NaN, Infinity, -1e300];
    const [family] = families([{ type: GAUGE, points: values.map((value, i) => [{ i }, value]) }]);

    expect(family!.number(3)).to.equal(1);
    expect(family!.messages(4).map((metric) => metric.messages(2)[0]!.number(1))).to.deep.equal(values);
  });

  it('has classic histograms with cumulative buckets up to infinity, and exemplars', () => {
    const value = { count: 6, sum: 9, buckets: { boundaries: [1, 5], counts: [3, 2, 1] } };
    const exemplars = [{ value: 4, timestamp: [1_700_000_000, 5] as [number, number], traceId: 'abc' }];
    const [family] = families([{ type: HISTOGRAM, points: [[{}, value, exemplars]] }]);

    const [histogram] = family!.messages(4)[0]!.messages(7);
    expect([family!.number(3), histogram!.number(1), histogram!.number(2)]).to.deep.equal([4, 6, 9]);
    const buckets = histogram!.messages(3);
    expect(buckets.map((bucket) => [bucket.number(2), bucket.number(1)])).to.deep.equal([
      [1, 3],
      [5, 5],
      [Infinity, 6],
    ]);
    const [exemplar] = buckets[1]!.messages(3);
    expect(labelsOf(exemplar)).to.deep.equal([['trace_id', 'abc']]);
    expect(exemplar!.number(2)).to.equal(4);
    expect(exemplar!.messages(3)[0]!.number(1)).to.equal(1_700_000_000);
  });

  it('has exponential histograms as native ones', () => {
    const value = {
      count: 9,
      sum: 4,
      scale: 2,
      zeroCount: 1,
      positive: { offset: -3, bucketCounts: [4, 1] },
      negative: { offset: 2, bucketCounts: [3] },
    };
    const [family] = families([{ type: EXPONENTIAL, points: [[{}, value]] }]);

    const [histogram] = family!.messages(4)[0]!.messages(7);
    expect([1, 5, 7].map((field) => histogram!.number(field))).to.deep.equal([9, 4, 1]);
    expect(histogram!.messages(3)).to.deep.equal([]);
    const [span] = histogram!.messages(12);
    expect([unzigzag(span!.number(1)!), span!.number(2)]).to.deep.equal([-2, 2]);
    expect(histogram!.packed(13).map(unzigzag)).to.deep.equal([4, -3]);
    expect(histogram!.packed(10).map(unzigzag)).to.deep.equal([3]);
  });

  it('marks a native histogram without observations as one', () => {
    const value = { count: 0, scale: 0, zeroCount: 0, positive: EMPTY_BUCKETS, negative: EMPTY_BUCKETS };
    const [family] = families([{ type: EXPONENTIAL, points: [[{}, value]] }]);

    const [histogram] = family!.messages(4)[0]!.messages(7);
    expect(histogram!.messages(12)[0]!.number(2)).to.equal(0);
  });

  it('has bounds for what is too coarse for a native histogram', () => {
    const positive = { offset: 0, bucketCounts: [2] };
    const value = { count: 2, scale: -6, zeroCount: 0, positive, negative: EMPTY_BUCKETS };
    const [family] = families([{ type: EXPONENTIAL, points: [[{}, value]] }]);

    const [histogram] = family!.messages(4)[0]!.messages(7);
    expect(histogram!.messages(3).map((bucket) => bucket.number(2))).to.deep.equal([2 ** 64, Infinity]);
  });

  it('sends a large family as several messages', () => {
    const points = Array.from({ length: 5000 }, (_, i) => [{ operation: `number ${i}` }, i] as const);
    const messages = families([{ points }, { name: 'n', points: [[{}, 1]] }], {
      resource: { 'service.name': 'x' },
    });

    expect(messages.length).to.be.above(4);
    expect(new Set(messages.map((message) => message.text(1)))).to.deep.equal(
      new Set(['m_total', 'n_total', 'target_info']),
    );
    expect(messages.flatMap((message) => message.messages(4))).to.have.lengthOf(5002);
  });

  it('is empty for nothing', () => {
    expect(pageBytes([{ points: [] }], { accept })).to.have.lengthOf(0);
  });

  it('replaces half a surrogate pair', () => {
    const [family] = families([{ points: [[{ v: 'a\ud83d' }, 1]] }]);

    expect(labelsOf(family!.messages(4)[0])).to.deep.equal([['v', 'a\ufffd']]);
  });
});
