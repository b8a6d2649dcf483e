import { printable } from '../../cache/persistent/printable.js';
import { asBytes, asCount, asRate, asShare, asTime, asWords, NOTHING } from '../../live/format.js';
import { clip, tableLines, type Paint, type TextCell, type TextTable } from './text-table.js';
import type { TopCache, TopCalls, TopReport } from './top-report.js';

const MOST_ROWS = 12;
const SIZES = [
  ['quarter', '1/4x'],
  ['half', '1/2x'],
  ['same', '1x'],
  ['double', '2x'],
  ['fourfold', '4x'],
] as const;
const CALLS_HEAD = ['calls/s', 'p95', 'p99', 'mean', 'p50'] as const;

/** A report as lines for a terminal, none wider than `width`. */
export function topLines(report: TopReport, width: number, paint: Paint): string[] {
  const { service, url, seconds, page, resources, optimizer } = report;
  const head = `${service === undefined ? '' : `${printable(service)}  `}${printable(url)}`;
  const facts = `${asCount(page.series)} series, ${asBytes(page.bytes)} in ${asTime(page.seconds)}; over ${asTime(seconds)}`;
  const part = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', paint(title, 'quiet'), ...lines];
  const table = (name: string, given: Omit<TextTable, 'head'>, ...columns: readonly string[]) =>
    given.rows.length === 0 ? [] : ['', ...tableLines({ head: [name, ...columns], ...given }, width, paint)];
  return [
    paint(clip(head, width), 'strong'),
    paint(clip(facts, width), 'quiet'),
    ...part('', wrapped(resourceTexts(resources), width)).slice(2),
    ...table('OPERATION', { rows: callRows(report.operations) }, ...callsHead('errors/s')),
    ...table('HTTP', { rows: callRows(report.requests) }, ...callsHead('errors/s')),
    ...table('CACHE', { rows: report.caches.slice(0, MOST_ROWS).map(cacheRow) }, ...cacheHead(report.caches)),
    ...table(
      'QUEUE',
      {
        rows: report.queues
          .slice(0, MOST_ROWS)
          .map(({ name, active, limit, queued }) => [name, ofLimit(active, limit), waiting(queued)]),
      },
      'running',
      'waiting',
    ),
    ...table(
      'POOL',
      {
        rows: report.pools
          .slice(0, MOST_ROWS)
          .map(({ name, used, limit, waiting: waits }) => [name, ofLimit(used, limit), waiting(waits)]),
      },
      'in use',
      'waiting',
    ),
    ...table(
      'DECISION',
      {
        rows: optimizer.decisions
          .slice(0, MOST_ROWS)
          .map(({ action, target, outcome, reason, times, lately }) => [
            `${asWords(action)} of ${target}: ${asWords(outcome)}, ${asWords(reason)}`,
            asCount(times),
            lately > 0 ? { text: `+${asCount(lately)}`, tone: 'good' } : '',
          ]),
      },
      'times',
      'lately',
    ),
    ...part('SETTINGS', wrapped(settingTexts(optimizer), width)),
    ...table(
      'HISTOGRAM',
      { rows: histogramRows(report.histograms) },
      'values/s',
      'p95',
      'p99',
      'mean',
      'p50',
    ),
    ...table('COUNTER', { rows: report.counters.map(({ name, rate }) => [name, asRate(rate)]) }, 'per s'),
    ...nothing(report),
  ];
}

function callsHead(errors: string): string[] {
  const [rate, ...times] = CALLS_HEAD;
  return [rate, errors, ...times];
}

function callRows(calls: readonly TopCalls[]): TextTable['rows'] {
  return calls
    .slice(0, MOST_ROWS)
    .map(({ name, rate, errorRate, mean, p50, p95, p99 }): (string | TextCell)[] => [
      name,
      asRate(rate),
      { text: asRate(errorRate), tone: (errorRate ?? 0) > 0 ? 'bad' : undefined },
      asTime(p95),
      asTime(p99),
      asTime(mean),
      asTime(p50),
    ]);
}

/** Of others it is the name that tells the unit. */
function histogramRows(histograms: readonly TopCalls[]): TextTable['rows'] {
  return histograms.map(({ name, rate, mean, p50, p95, p99 }) => {
    const family = name.replace(/\{.*$/s, '');
    const format = family.endsWith('_seconds') ? asTime : family.endsWith('_bytes') ? asBytes : asRate;
    return [name, asRate(rate), ...[p95, p99, mean, p50].map(format)];
  });
}

function cacheHead(caches: readonly TopCache[]): string[] {
  const hasCurves = caches.some(({ whatIf }) => Object.keys(whatIf).length > 0);
  const curves = hasCurves ? SIZES.map(([, title]) => title) : [];
  return ['hits', 'lookups/s', 'a miss', 'memory', 'entries', ...curves];
}

function cacheRow({ name, hitRatio, lookupRate, missMean, bytes, entries, whatIf }: TopCache) {
  const curve = SIZES.map(([size]) => (whatIf[size] === undefined ? '' : asShare(whatIf[size])));
  return [
    name,
    asShare(hitRatio),
    asRate(lookupRate),
    asTime(missMean),
    asBytes(bytes),
    asCount(entries),
    ...curve,
  ];
}

function ofLimit(count: number, limit: number | undefined): string {
  return limit === undefined ? asCount(count) : `${asCount(count)} of ${asCount(limit)}`;
}

function waiting(count: number): TextCell {
  return { text: asCount(count), tone: count > 0 ? 'warn' : undefined };
}

function resourceTexts(resources: TopReport['resources']): string[] {
  const {
    cpu,
    memoryBytes,
    heapUsedBytes,
    heapLimitBytes,
    eventLoopUtilization,
    eventLoopLagP99,
    gc,
    openFiles,
  } = resources;
  const limit = heapLimitBytes === undefined ? '' : ` of ${asBytes(heapLimitBytes)}`;
  return [
    ...told('CPU', cpu, asShare),
    ...told('memory', memoryBytes, asBytes),
    ...told('heap', heapUsedBytes, (bytes) => `${asBytes(bytes)}${limit}`),
    ...told('loop busy', eventLoopUtilization, asShare),
    ...told('loop lag p99', eventLoopLagP99, asTime),
    ...told('GC', gc, asShare),
    ...told('open files', openFiles, asCount),
  ];
}

function settingTexts({ pressures, settings }: TopReport['optimizer']): string[] {
  return [
    ...pressures.map(({ source, share }) => `${source} pressure ${asShare(share)}`),
    ...settings.map(({ action, target, value }) => {
      const text = value >= 1e6 ? asBytes(value) : Number.isInteger(value) ? asCount(value) : asRate(value);
      return `${asWords(action)} of ${target} ${text}`;
    }),
  ].map(printable);
}

function told(name: string, value: number | undefined, format: (value: number) => string): string[] {
  return value === undefined ? [] : [`${name} ${format(value)}`];
}

/** Texts one after the other, as many in a line as there is room for. */
function wrapped(texts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + text.length + 3 <= width)
      lines[lines.length - 1] = `${last}   ${text}`;
    else lines.push(clip(text, width));
  }
  return lines;
}

function nothing({ operations, requests, caches, histograms, counters }: TopReport): string[] {
  const isQuiet = [operations, requests, caches, histograms, counters].every(({ length }) => length === 0);
  return isQuiet ? ['', `Nothing was recorded in this time ${NOTHING} is there any load?`] : [];
}
