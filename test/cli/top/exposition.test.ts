import { expect } from 'chai';
import { ExpositionError, parseExposition } from '../../../src/cli/top/exposition.js';

function samplesOf(text: string) {
  return parseExposition(text).samples.map(({ name, labels, value }) => [name, { ...labels }, value]);
}

describe('parseExposition', () => {
  it('reads the text format of Prometheus', () => {
    const page = [
      '# HELP http_requests_total Requests, "all" of them.',
      '# TYPE http_requests_total counter',
      'http_requests_total{method="post",code="200"} 1027 1395066363000',
      'http_requests_total{method="post",code="400",} 3 1395066363000',
      '',
      '# just a remark',
      'metric_without_timestamp_and_labels 12.47',
      '  msdos_file_access_time_seconds { path = "C:\\\\DIR\\\\a.txt" , error="line\\nbreak \\"x\\"" }   1.458255915e9',
      'something_weird{problem="division by zero"} +Inf -3982045',
      'nothing NaN\r',
      'below -Inf',
    ].join('\n');

    const { types } = parseExposition(page);

    expect([...types]).to.deep.equal([['http_requests_total', 'counter']]);
    expect(samplesOf(page)).to.deep.equal([
      ['http_requests_total', { method: 'post', code: '200' }, 1027],
      ['http_requests_total', { method: 'post', code: '400' }, 3],
      ['metric_without_timestamp_and_labels', {}, 12.47],
      ['msdos_file_access_time_seconds', { path: 'C:\\DIR\\a.txt', error: 'line\nbreak "x"' }, 1458255915],
      ['something_weird', { problem: 'division by zero' }, Infinity],
      ['nothing', {}, Number.NaN],
      ['below', {}, -Infinity],
    ]);
  });

  it('reads OpenMetrics: units, exemplars, names of UTF-8, and nothing after the end', () => {
    const page = [
      '# TYPE foo histogram',
      '# UNIT foo seconds',
      'foo_bucket{le="0.1"} 8 # {trace_id="a#b"} 0.043 1520879607.789',
      'foo_bucket{le="+Inf"} 17 1520879607.789 # {} 0.67',
      'foo_created 1520430000.123',
      '{"a.dotted.name", "label.one"="x"} 1',
      '{} 2',
    ];

    expect(samplesOf([...page.slice(0, -1), '# EOF', 'not read at all'].join('\n'))).to.deep.equal([
      ['foo_bucket', { le: '0.1' }, 8],
      ['foo_bucket', { le: '+Inf' }, 17],
      ['foo_created', {}, 1520430000.123],
      ['a.dotted.name', { 'label.one': 'x' }, 1],
    ]);
    expect(() => parseExposition(page.join('\n'))).to.throw(ExpositionError, 'line 7 of the page');
  });

  it('takes any name for a label', () => {
    const [sample] = parseExposition('x{__proto__="a",constructor="b"} 1').samples;

    expect(Object.entries(sample!.labels)).to.deep.equal([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  for (const [line, expected] of [
    ['<!doctype html>', 'a name'],
    ['{"error": "not found"}', ', or }'],
    ['metric', 'a number'],
    ['metric one', 'a number'],
    ['metric{a="1"', ', or }'],
    ['metric{a="1" b="2"} 1', ', or }'],
    ['metric{a="1} 1', 'the end of a text'],
    ['metric{a=1} 1', 'a text in quotes'],
    ['metric{=""} 1', 'a label'],
    ['metric{a} 1', '='],
    ['metric 1 2 3', 'the end of the line'],
    ['metric 1 then', 'the end of the line'],
    ['1metric 1', 'a name'],
  ] as const) {
    it(`refuses ${line}`, () => {
      expect(() => parseExposition(`ok 1\n${line}\n`)).to.throw(
        ExpositionError,
        `line 2 of the page is no metric: expected ${expected}, got ${JSON.stringify(line)}`,
      );
    });
  }

  it('shows little of a line that is long', () => {
    expect(() => parseExposition(`{${'x'.repeat(10_000)}`)).to.throw(/^.{0,160}…"$/);
  });
});
