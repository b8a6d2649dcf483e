import type { LiveOperation, LiveRequests } from '../live-report.js';
import { asRate, asTime } from '../format.js';
import { element } from './elements.js';
import { code, part, section, type Section } from './section.js';
import { number, table, type Column } from './table.js';

const NAME = { title: 'Operation', cell: ({ name }: { name: string }) => ({ text: name, value: name }) };

const COLUMNS: readonly Column<LiveOperation>[] = [
  NAME,
  { title: 'Calls/s', cell: ({ rate }) => number(rate, asRate) },
  {
    title: 'Calls, 3 min',
    isWide: true,
    series: ({ rates }) => rates,
    format: (rate) => `${asRate(rate)} a second`,
  },
  { title: 'Mean', isWide: true, cell: ({ mean }) => number(mean, asTime) },
  { title: 'Mean, 3 min', isWide: true, series: ({ means }) => means, format: asTime },
  { title: 'p50', isWide: true, cell: ({ p50 }) => number(p50, asTime) },
  { title: 'p95', cell: ({ p95 }) => number(p95, asTime) },
  { title: 'p99', isWide: true, cell: ({ p99 }) => number(p99, asTime) },
  {
    title: 'Errors/s',
    cell: ({ errorRate }) => number(errorRate, asRate, errorRate > 0 ? 'bad' : undefined),
  },
];

const REQUEST_COLUMNS: readonly Column<LiveRequests>[] = [
  { ...NAME, title: 'Route' },
  { title: 'Requests/s', cell: ({ rate }) => number(rate, asRate) },
  { title: 'Mean', cell: ({ mean }) => number(mean, asTime) },
  {
    title: 'Errors/s',
    cell: ({ errorRate }) => number(errorRate, asRate, errorRate > 0 ? 'bad' : undefined),
  },
];

export function operations(): Section {
  const { shown, content, tell } = section({ id: 'operations', title: 'Operations' });
  const calls = table({
    caption: 'Timed operations in the last minute',
    columns: COLUMNS,
    nameOf: ({ name }: LiveOperation) => name,
    sortedBy: 1,
  });
  const requests = table({
    caption: 'Requests that were answered',
    columns: REQUEST_COLUMNS,
    nameOf: ({ name }: LiveRequests) => name,
    sortedBy: 1,
  });
  const timed = element('div', {}, calls.shown);
  const answered = part('HTTP', requests.shown);
  content.append(timed, answered);
  return {
    shown,
    update(report) {
      const isEmpty = report.operations.length === 0 && report.requests.length === 0;
      tell(
        '',
        isEmpty
          ? [
              'No operation was timed in the last minute: time one with ',
              code("monitor.time('checkout', () => pay(order))"),
              ' or the decorator ',
              code("@timer('checkout')"),
              '.',
            ]
          : undefined,
      );
      timed.hidden = report.operations.length === 0;
      answered.hidden = report.requests.length === 0;
      calls.update(report.operations);
      requests.update(report.requests);
    },
  };
}
