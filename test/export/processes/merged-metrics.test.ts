import { expect } from 'chai';
import type { Attributes } from '@opentelemetry/api';
import type { MergeableValue } from '../../../src/export/processes/add-values.js';
import { MergedMetrics } from '../../../src/export/processes/merged-metrics.js';
import type { ReportedMetric } from '../../../src/export/processes/messages.js';
import { GAUGE, HISTOGRAM, SUM } from '../../fakes/collected-metrics.js';

type Points = readonly (readonly [Attributes, MergeableValue])[];

function metric(
  name: string,
  points: Points,
  { type = SUM, isMonotonic = true }: { type?: number; isMonotonic?: boolean } = {},
): ReportedMetric {
  return {
    scope: { name: 'shop' },
    descriptor: { name, unit: '', description: '' },
    dataPointType: type,
    isMonotonic,
    points: points.map(([attributes, value]) => ({ attributes, value })),
  };
}

const histogram = (boundaries: number[], counts: number[]): MergeableValue => ({
  count: counts.reduce((total, count) => total + count, 0),
  sum: 1,
  buckets: { boundaries, counts },
});

function apply(merged: MergedMetrics, worker: string, report: ReportedMetric[]): void {
  for (const _ of merged.apply(worker, [report]));
}

function end(merged: MergedMetrics, worker: string): void {
  for (const _ of merged.end(worker));
}

describe('MergedMetrics', () => {
  let merged: MergedMetrics;
  beforeEach(() => (merged = new MergedMetrics((name) => name.startsWith('system.'))));

  const shown = () =>
    merged
      .walk((worker) => `w-${worker}`)
      .flatMap((walked) =>
        Array.from({ length: walked.size }, (_, position) => {
          const value = walked.value(position);
          const count = typeof value === 'number' ? value : value?.count;
          return [walked.descriptor.name, walked.attributes(position), count] as const;
        }),
      );
  const orders = (...points: Points) => [metric('orders', points)];

  it('adds up counters by their attributes, in any order', () => {
    apply(merged, 'a', orders([{ x: 1, y: 2 }, 3], [{ x: 2 }, 1]));
    apply(merged, 'b', orders([{ y: 2, x: 1 }, 4]));

    expect(shown()).to.deep.equal([
      ['orders', { x: 1, y: 2 }, 7],
      ['orders', { x: 2 }, 1],
    ]);
  });

  it('keeps what those counted who ended, also when they come back', () => {
    apply(merged, 'a', orders([{}, 3]));
    apply(merged, 'b', orders([{}, 4]));
    end(merged, 'a');
    expect(shown()).to.deep.equal([['orders', {}, 7]]);
    end(merged, 'b');
    expect(shown()).to.deep.equal([['orders', {}, 7]]);

    apply(merged, 'a', orders([{}, 1]));
    expect(shown()).to.deep.equal([['orders', {}, 8]]);
  });

  it('does not fall when a worker counts anew, or leaves out a series that others have', () => {
    apply(merged, 'a', orders([{}, 3]));
    apply(merged, 'b', orders([{}, 5]));
    apply(merged, 'a', orders([{}, 1]));
    expect(shown()).to.deep.equal([['orders', {}, 9]]);

    apply(merged, 'a', []);
    expect(shown()).to.deep.equal([['orders', {}, 9]]);
  });

  it('lets go of series that all living workers have left out', () => {
    apply(merged, 'a', orders([{ tenant: 1 }, 3]));
    apply(merged, 'a', orders());

    expect(shown()).to.deep.equal([]);
  });

  it('shows for each worker what goes up and down, and only while it lives', () => {
    const gauge = (value: number) => [metric('fill', [[{ worker: 'mine' }, value]], { type: GAUGE })];
    const open = (value: number) => [metric('open', [[{}, value]], { isMonotonic: false })];
    apply(merged, 'a', [...gauge(1), ...open(-2)]);
    apply(merged, 'b', gauge(2));

    expect(shown()).to.deep.equal([
      ['fill', { exported_worker: 'mine', worker: 'w-a' }, 1],
      ['fill', { exported_worker: 'mine', worker: 'w-b' }, 2],
      ['open', { worker: 'w-a' }, -2],
    ]);
    end(merged, 'a');
    expect(shown()).to.deep.equal([['fill', { exported_worker: 'mine', worker: 'w-b' }, 2]]);
  });

  it('adds up histograms, and keeps those apart that have other bounds', () => {
    const type = { type: HISTOGRAM };
    apply(merged, 'a', [metric('latency', [[{}, histogram([1], [1, 1])]], type)]);
    apply(merged, 'b', [metric('latency', [[{}, histogram([1], [0, 3])]], type)]);
    apply(merged, 'c', [metric('latency', [[{}, histogram([1, 2], [4, 0, 0])]], type)]);

    expect(shown()).to.deep.equal([
      ['latency', {}, 5],
      ['latency', { worker: 'w-c' }, 4],
    ]);
    end(merged, 'c');
    expect(shown()).to.deep.equal([
      ['latency', {}, 5],
      ['latency', { worker: 'ended' }, 4],
    ]);
  });

  it('takes what is about the machine from one, the process itself if it has it', () => {
    const cpu = (value: number) => [metric('system.cpu.time', [[{}, value]])];
    apply(merged, 'a', cpu(100));
    apply(merged, 'b', cpu(101));
    expect(shown()).to.deep.equal([['system.cpu.time', {}, 100]]);
    apply(merged, 'primary', cpu(102));
    expect(shown()).to.deep.equal([['system.cpu.time', {}, 102]]);
    end(merged, 'a');
    expect(shown()).to.deep.equal([['system.cpu.time', {}, 102]]);
  });

  it('holds no more series than one process does, and its sums do not fall either', () => {
    const many = (from: number, count: number, value = 1) =>
      orders(...Array.from({ length: count }, (_, id) => [{ id: from + id }, value] as const));
    apply(merged, 'a', many(0, 1500));
    apply(merged, 'b', many(1500, 1500));
    const total = () => shown().reduce((sum, [, , value]) => sum + value!, 0);

    expect(shown()).to.have.length(2000);
    expect(total()).to.equal(3000);
    end(merged, 'b');
    apply(merged, 'c', many(5000, 1500));
    expect(shown()).to.have.length(2000);
    expect(total()).to.equal(4500);
    expect(shown().filter(([, attributes]) => 'otel.metric.overflow' in attributes!)).to.have.length(1);
  });
});
