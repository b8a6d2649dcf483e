import { expect } from 'chai';
import {
  EMPTY_BUCKETS,
  EXPONENTIAL,
  GAUGE,
  HISTOGRAM,
  page,
  samples,
  SUM,
  type GivenMetric,
} from '../../fakes/collected-metrics.js';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';

const histogramOf = (boundaries: number[], counts: number[], sum: number | undefined = 1) => ({
  count: counts.reduce((all, count) => all + count, 0),
  ...(sum !== undefined && { sum }),
  buckets: { boundaries, counts },
});

describe('the text of a page', () => {
  let notices: CapturedNotices;
  beforeEach(() => (notices = captureNotices()));
  afterEach(() => notices.release());

  it('opens a family with its help and type', () => {
    const text = page([
      { name: 'a.b', unit: 's', description: 'Line one.\nTwo.', points: [[{ x: '1' }, 2]] },
    ]);

    expect(text).to.equal(
      '# HELP a_b_seconds_total Line one.\\nTwo.\n# TYPE a_b_seconds_total counter\na_b_seconds_total{x="1"} 2\n',
    );
  });

  it('has cumulative buckets, sum and count', () => {
    const value = histogramOf([0.1, 1], [3, 2, 1], 1.5);

    expect(samples([{ type: HISTOGRAM, unit: 's', points: [[{ r: 'a' }, value]] }])).to.deep.equal([
      'm_seconds_bucket{r="a",le="0.1"} 3',
      'm_seconds_bucket{r="a",le="1"} 5',
      'm_seconds_bucket{r="a",le="+Inf"} 6',
      'm_seconds_sum{r="a"} 1.5',
      'm_seconds_count{r="a"} 6',
    ]);
  });

  it('has a histogram without labels, without bounds, and without a sum', () => {
    expect(
      samples([{ type: HISTOGRAM, points: [[{}, { count: 0, buckets: { boundaries: [], counts: [0] } }]] }]),
    ).to.deep.equal(['m_bucket{le="+Inf"} 0', 'm_count 0']);
  });

  it('never loses an exponential histogram', () => {
    const positive = { offset: 1, bucketCounts: [1] };
    const value = { count: 1, sum: 3, scale: 0, zeroCount: 0, positive, negative: EMPTY_BUCKETS };

    expect(samples([{ type: EXPONENTIAL, points: [[{}, value]] }])).to.deep.equal([
      'm_bucket{le="4"} 1',
      'm_bucket{le="+Inf"} 1',
      'm_sum 3',
      'm_count 1',
    ]);
  });

  it('has numbers as Prometheus reads them', () => {
    const values = [Infinity, -Infinity, Number.NaN, 1e21, 0.1, -0, 5e-324, Number.MAX_SAFE_INTEGER];
    const lines = samples([{ type: GAUGE, points: values.map((value, i) => [{ i }, value]) }]);

    expect(lines.map((line) => line.split(' ')[1])).to.deep.equal([
      '+Inf',
      '-Inf',
      'NaN',
      '1e+21',
      '0.1',
      '0',
      '5e-324',
      '9007199254740991',
    ]);
  });

  it('escapes what labels may not hold and keeps the rest', () => {
    const value = 'a "b"\\c\nd\r\t\u0000 é 数 🎈';

    expect(samples([{ points: [[{ v: value }, 1]] }])).to.deep.equal([
      'm_total{v="a \\"b\\"\\\\c\\nd\r\t\u0000 é 数 🎈"} 1',
    ]);
  });

  it('replaces half a surrogate pair', () => {
    expect(samples([{ points: [[{ v: 'a\ud83d' }, 1]] }])).to.deep.equal(['m_total{v="a\ufffd"} 1']);
  });

  it('has a label of a million characters', () => {
    const value = 'x'.repeat(1_000_000);

    expect(samples([{ points: [[{ v: value }, 1]] }])).to.deep.equal([`m_total{v="${value}"} 1`]);
  });

  it('has lists as JSON, and what cannot be read as such', () => {
    const endless: unknown[] = [];
    endless.push(endless);

    expect(samples([{ points: [[{ list: ['a', 1], endless, flag: true, none: null }, 1]] }])).to.deep.equal([
      'm_total{endless="unreadable",flag="true",list="[\\"a\\",1]"} 1',
    ]);
  });

  it('joins the values of names that become one label', () => {
    expect(samples([{ points: [[{ a_b: 'x', 'a.b': 'y', c: 'z' }, 1]] }])).to.deep.equal([
      'm_total{a_b="y;x",c="z"} 1',
    ]);
  });

  it('keeps the label le of a histogram for the buckets', () => {
    const lines = samples([{ type: HISTOGRAM, points: [[{ le: 'mine' }, histogramOf([], [1])]] }]);

    expect(lines[0]).to.equal('m_bucket{exported_le="mine",le="+Inf"} 1');
  });

  describe('never has two lines with the same labels', () => {
    const twice: [why: string, one: object, other: object, labels: string][] = [
      ['a number and a text', { a: 1 }, { a: '1' }, '{a="1"}'],
      ['two names of one label', { 'a.b': 'x' }, { a_b: 'x' }, '{a_b="x"}'],
      ['another order besides', { 'a.b': 'x', c: 'y' }, { c: 'y', a_b: 'x' }, '{a_b="x",c="y"}'],
      ['an empty value, which is no label', { a: '' }, {}, ''],
      ['halves of surrogate pairs', { a: '\ud83d' }, { a: '\ud83e' }, '{a="\ufffd"}'],
    ];
    for (const [why, one, other, labels] of twice) {
      it(`where attributes differ by ${why}`, () => {
        const of = (value: (n: number) => unknown, rest: Partial<GivenMetric>) =>
          samples([
            {
              ...rest,
              points: [
                [one, value(2)],
                [other, value(3)],
              ],
            },
          ]);

        expect(of((n) => n, {})).to.deep.equal([`m_total${labels} 5`]);
        expect(of((n) => n, { isMonotonic: false })).to.deep.equal([`m${labels} 5`]);
        expect(of((n) => n, { type: GAUGE })).to.deep.equal([`m${labels} 3`]);
        expect(of((n) => histogramOf([1], [n, 0]), { type: HISTOGRAM })).to.include(`m_count${labels} 5`);
      });
    }

    it('and keeps one of histograms that cannot be added', () => {
      const lines = samples([
        {
          type: HISTOGRAM,
          points: [
            [{ a: 1 }, histogramOf([1], [2, 0])],
            [{ a: '1' }, histogramOf([2], [3, 0])],
          ],
        },
      ]);

      expect(lines.filter((line) => line.startsWith('m_count'))).to.deep.equal(['m_count{a="1"} 2']);
      expect(notices.said.join()).to.include('m has series with equal labels and different buckets');
    });
  });

  it('makes one family of a metric of two libraries and keeps them apart by scope', () => {
    const text = page([
      { scope: 'one', description: 'First.', points: [[{}, 1]] },
      { scope: 'two', description: 'Second.', points: [[{}, 2]] },
    ]);

    expect(text).to.equal(
      '# HELP m_total First.\n# TYPE m_total counter\nm_total{otel_scope_name="one"} 1\nm_total{otel_scope_name="two"} 2\n',
    );
  });

  it('keeps two versions of a library apart', () => {
    const of = (version: string) => ({ scope: { name: 'lib', version }, points: [[{ a: 'x' }, 1]] as const });

    expect(samples([of('1'), of('2')])).to.deep.equal([
      'm_total{a="x",otel_scope_version="1"} 1',
      'm_total{a="x",otel_scope_version="2"} 1',
    ]);
  });

  it('has everything about the scope on request, and constant labels', () => {
    const scope = { name: 'lib', version: '1', schemaUrl: 'u', attributes: { tier: 'gold' } };
    const metrics = [
      {
        scope,
        points: [
          [{}, 1],
          [{ a: 'x' }, 2],
        ] as const,
      },
    ];
    const labels =
      'service_name="shop",otel_scope_tier="gold",otel_scope_name="lib",otel_scope_version="1",otel_scope_schema_url="u"';

    const lines = samples(metrics, { scopeLabels: true, constantLabels: { 'service.name': 'shop' } });

    const [bare, withLabel] = lines;
    const sorted = (line: string | undefined) =>
      /\{(.*)\}/
        .exec(line ?? '')?.[1]
        ?.split(',')
        .toSorted();
    expect(sorted(bare)).to.deep.equal(labels.split(',').toSorted());
    expect(sorted(withLabel)).to.deep.equal([...labels.split(','), 'a="x"'].toSorted());
  });

  it('does not let an attribute take the place of a constant label', () => {
    expect(
      samples([{ points: [[{ 'service.name': 'other' }, 1]] }], {
        constantLabels: { 'service.name': 'shop' },
      }),
    ).to.deep.equal(['m_total{service_name="shop"} 1']);
  });

  it('leaves out what would be a second type under one name', () => {
    const text = page([
      { type: GAUGE, points: [[{}, 1]] },
      { type: SUM, isMonotonic: false, points: [[{ x: 1 }, 2]] },
      { type: HISTOGRAM, points: [[{}, histogramOf([], [0], 0)]] },
    ]);

    expect(text.match(/^# TYPE/gm)).to.have.lengthOf(1);
    expect(text).to.include('m{x="1"} 2');
    expect(notices.said.join()).to.include(
      '"m" (histogram) would be written as m, which is taken by the gauge m',
    );
  });

  it('leaves out what would be a line of another family', () => {
    const text = page([
      { type: HISTOGRAM, points: [[{}, histogramOf([], [0], 0)]] },
      { name: 'm.count', type: GAUGE, points: [[{}, 1]] },
    ]);

    expect(text).to.not.include('m_count 1');
    expect(notices.said.join()).to.include('"m.count" (gauge) would be written as m_count');
  });

  it('closes with the resource as target_info', () => {
    expect(page([], { resource: { 'service.name': 'shop "7"', 'service.version': '1' } })).to.equal(
      '# HELP target_info Target metadata\n# TYPE target_info gauge\ntarget_info{service_name="shop \\"7\\"",service_version="1"} 1\n',
    );
  });

  it('has no metric in the place of the resource', () => {
    const lines = samples([{ name: 'target.info', type: GAUGE, points: [[{ a: 'x' }, 1]] }], {
      resource: { a: 'y' },
    });

    expect(lines).to.deep.equal(['target_info{a="y"} 1']);
    expect(notices.said.join()).to.include('which is taken by the resource');
  });

  it('is empty for nothing', () => {
    expect(page([{ points: [] }])).to.equal('');
  });

  it('is the same in pieces as at once', () => {
    const points = Array.from({ length: 5000 }, (_, i) => [{ operation: `number ${i} é` }, i] as const);
    const lines = samples([{ points }, { name: 'last', type: GAUGE, points: [[{}, 1]] }]);

    expect(lines).to.have.lengthOf(5001);
    expect(lines[4321]).to.equal('m_total{operation="number 4321 é"} 4321');
    expect(lines[5000]).to.equal('last 1');
  });
});
