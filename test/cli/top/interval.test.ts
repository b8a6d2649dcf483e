import { expect } from 'chai';
import { parseExposition } from '../../../src/cli/top/exposition.js';
import { quantile, ScrapeInterval } from '../../../src/cli/top/interval.js';

function scraped(at: number, ...lines: readonly string[]) {
  return { ...parseExposition(lines.join('\n')), at, bytes: 0, seconds: 0 };
}

describe('ScrapeInterval', () => {
  it('tells what grew, whatever the order of the labels', () => {
    const before = scraped(1000, 'jobs_total{a="1",b="2"} 5', 'jobs_total{a="9"} 7');
    const after = scraped(3000, 'jobs_total{b="2",a="1"} 9', 'jobs_total{a="9"} 7', 'jobs_total{a="new"} 2');

    const interval = new ScrapeInterval(before, after);

    expect(interval.seconds).to.equal(2);
    expect(interval.grown('jobs_total').map(({ growth }) => growth)).to.deep.equal([4, 0, 2]);
    expect(interval.grown('unknown')).to.deep.equal([]);
  });

  it('takes what fell for begun anew', () => {
    const interval = new ScrapeInterval(scraped(0, 'jobs_total 100'), scraped(1000, 'jobs_total 3'));

    expect(interval.grown('jobs_total')[0]!.growth).to.equal(3);
  });

  it('puts histograms together', () => {
    const page = (n: number) => [
      `t_bucket{op="a",kind="x",le="1"} ${n}`,
      `t_bucket{op="a",kind="x",le="+Inf"} ${2 * n}`,
      `t_sum{op="a",kind="x"} ${3 * n}`,
      `t_count{op="a",kind="x"} ${2 * n}`,
      `t_bucket{op="a",kind="y",le="1"} ${n}`,
      `t_bucket{op="a",kind="y",le="+Inf"} ${n}`,
      `t_sum{op="a",kind="y"} ${n}`,
      `t_count{op="a",kind="y"} ${n}`,
      `t_count{kind="no op"} ${n}`,
    ];
    const interval = new ScrapeInterval(scraped(0, ...page(1)), scraped(1000, ...page(11)));

    const recorded = interval.recorded('t', ({ op }) => op);

    expect([...recorded]).to.deep.equal([
      [
        'a',
        {
          count: 30,
          sum: 40,
          buckets: [
            [1, 20],
            [Infinity, 30],
          ],
        },
      ],
    ]);
  });
});

describe('quantile', () => {
  const recorded = (...buckets: [number, number][]) => ({ count: 0, sum: 0, buckets });

  it('is where it would be if values were evenly spread within a bucket', () => {
    const buckets = recorded([1, 10], [2, 30], [4, 40], [Infinity, 40]);

    expect(quantile(buckets, 0.25)).to.equal(1);
    expect(quantile(buckets, 0.5)).to.equal(1.5);
    expect(quantile(buckets, 1)).to.equal(4);
    expect(quantile(buckets, 0.125)).to.equal(0.5);
  });

  it('is the last bound where values are beyond it', () => {
    expect(quantile(recorded([1, 1], [Infinity, 10]), 0.99)).to.equal(1);
  });

  it('is not known without values, or without bounds', () => {
    expect(quantile(recorded(), 0.5)).to.equal(undefined);
    expect(quantile(recorded([1, 0], [Infinity, 0]), 0.5)).to.equal(undefined);
    expect(quantile(recorded([Infinity, 10]), 0.5)).to.equal(undefined);
  });
});
