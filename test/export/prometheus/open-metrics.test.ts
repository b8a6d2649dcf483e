import { expect } from 'chai';
import { GAUGE, HISTOGRAM, page, SUM } from '../../fakes/collected-metrics.js';

const accept = 'application/openmetrics-text; version=1.0.0';
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('OpenMetrics', () => {
  it('names the family of a counter without _total, tells its unit, and ends', () => {
    const metrics = [
      { name: 'cpu.time', unit: 's', description: 'Say "it".', points: [[{ a: 'x' }, 2]] as const },
    ];

    expect(page(metrics, { accept })).to.equal(
      [
        '# HELP cpu_time_seconds Say \\"it\\".',
        '# TYPE cpu_time_seconds counter',
        '# UNIT cpu_time_seconds seconds',
        'cpu_time_seconds_total{a="x"} 2',
        '# EOF',
        '',
      ].join('\n'),
    );
  });

  it('tells no unit that the name does not end in', () => {
    expect(page([{ name: 'seconds.since', unit: 's', type: GAUGE, points: [[{}, 1]] }], { accept })).to.equal(
      '# TYPE seconds_since gauge\nseconds_since 1\n# EOF\n',
    );
    expect(page([{ name: 'load', unit: '1', type: GAUGE, points: [[{}, 1]] }], { accept })).to.include(
      '# UNIT load_ratio ratio\n',
    );
  });

  it('gives counters that do not end in _total no type', () => {
    const options = { accept, translationStrategy: 'UnderscoreEscapingWithoutSuffixes' } as const;

    expect(page([{ name: 'a.b', points: [[{}, 1]] }], options)).to.equal(
      '# TYPE a_b unknown\na_b 1\n# EOF\n',
    );
  });

  it('has bounds as floats', () => {
    const value = { count: 2, sum: 3, buckets: { boundaries: [0.5, 1], counts: [1, 0, 1] } };

    expect(page([{ type: HISTOGRAM, points: [[{}, value]] }], { accept })).to.include(
      'm_bucket{le="0.5"} 1\nm_bucket{le="1.0"} 1\nm_bucket{le="+Inf"} 2\n',
    );
  });

  it('has the resource as info', () => {
    expect(page([], { accept, resource: { 'service.name': 'shop' } })).to.equal(
      '# HELP target Target metadata\n# TYPE target info\ntarget_info{service_name="shop"} 1\n# EOF\n',
    );
  });

  describe('exemplars', () => {
    const exemplar = (value: number, rest = {}) => ({
      value,
      timestamp: [1_700_000_000, 250_000_000] as [number, number],
      traceId: TRACE,
      spanId: SPAN,
      ...rest,
    });

    it('are those with the largest value of each bucket', () => {
      const value = { count: 4, sum: 3, buckets: { boundaries: [0.5, 1], counts: [2, 1, 1] } };
      const exemplars = [exemplar(0.2), exemplar(0.4), exemplar(0.5), exemplar(7)];
      const text = page([{ type: HISTOGRAM, points: [[{ a: 'x' }, value, exemplars]] }], { accept });

      const labels = `{trace_id="${TRACE}",span_id="${SPAN}"}`;
      expect(text.split('\n').slice(1, 5)).to.deep.equal([
        `m_bucket{a="x",le="0.5"} 2 # ${labels} 0.5 1700000000.250`,
        'm_bucket{a="x",le="1.0"} 3',
        `m_bucket{a="x",le="+Inf"} 4 # ${labels} 7 1700000000.250`,
        'm_sum{a="x"} 3',
      ]);
    });

    it('are the last of counters, with attributes that fit', () => {
      const filteredAttributes = { 'user.tier': 'gold', long: 'x'.repeat(100), 'trace.id': 'mine', n: 7 };
      const exemplars = [exemplar(1), exemplar(2, { filteredAttributes })];

      expect(page([{ type: SUM, points: [[{}, 3, exemplars]] }], { accept })).to.include(
        `m_total 3 # {trace_id="${TRACE}",span_id="${SPAN}",user_tier="gold",n="7"} 2 1700000000.250\n`,
      );
    });

    it('do not need a span or a time', () => {
      const exemplars = [{ value: 2, timestamp: [0, 0] as [number, number] }];

      expect(page([{ points: [[{}, 3, exemplars]] }], { accept })).to.include('m_total 3 # {} 2\n');
    });

    it('are not in the text format, nor on gauges', () => {
      expect(page([{ points: [[{}, 3, [exemplar(1)]]] }])).to.not.include(TRACE);
      expect(page([{ type: GAUGE, points: [[{}, 3, [exemplar(1)]]] }], { accept })).to.not.include(TRACE);
    });
  });
});

describe('names with UTF-8', () => {
  const metrics = [
    {
      name: 'http.größe',
      unit: 'By',
      description: 'd',
      type: HISTOGRAM,
      points: [
        [
          { 'http.route': '/a' },
          {
            count: 1,
            sum: 2,
            buckets: { boundaries: [], counts: [1] },
          },
        ],
      ] as const,
    },
    { name: 'plain', points: [[{}, 1]] as const },
    { name: 'with.dot', points: [[{}, 1]] as const },
  ];
  const translationStrategy = 'NoUTF8EscapingWithSuffixes' as const;

  it('are quoted for who takes them', () => {
    const options = { translationStrategy, accept: 'text/plain;version=1.0.0;escaping=allow-utf-8' };

    expect(page(metrics, options)).to.equal(
      [
        '# HELP "http.größe_bytes" d',
        '# TYPE "http.größe_bytes" histogram',
        '{"http.größe_bytes_bucket","http.route"="/a",le="+Inf"} 1',
        '{"http.größe_bytes_sum","http.route"="/a"} 2',
        '{"http.größe_bytes_count","http.route"="/a"} 1',
        '# TYPE plain_total counter',
        'plain_total 1',
        '# TYPE "with.dot_total" counter',
        '{"with.dot_total"} 1',
        '',
      ].join('\n'),
    );
  });

  for (const [escaping, name, label, dotted] of [
    ['', 'http_gr__e_bytes', 'http_route', 'with_dot_total'],
    [';escaping=underscores', 'http_gr__e_bytes', 'http_route', 'with_dot_total'],
    [';escaping=dots', 'http_dot_gr____e__bytes', 'http_dot_route', 'with_dot_dot__total'],
    [';escaping=values', 'U__http_2e_gr_f6__df_e__bytes', 'U__http_2e_route', 'U__with_2e_dot__total'],
  ] as const) {
    it(`are escaped for others: ${escaping || 'nothing said'}`, () => {
      const lines = page(metrics, {
        translationStrategy,
        accept: `text/plain;version=0.0.4${escaping}`,
      }).split('\n');

      expect(lines).to.include(`${name}_sum{${label}="/a"} 2`);
      expect(lines).to.include('plain_total 1');
      expect(lines).to.include(`${dotted} 1`);
    });
  }
});
