import { catalogue } from '../../telemetry/catalogue.js';
import { busiestFirst, callsFrom } from './calls.js';
import { exportedName } from './exported-names.js';
import type { Labels } from './exposition.js';
import type { ScrapeInterval } from './interval.js';
import type { TopCalls, TopReport } from './top-report.js';

const MOST_ROWS = 10;
/** What is shown by name, or is about the measuring. */
const SHOWN = new Set(catalogue.map(exportedName));
/** Of the process itself, which the resources tell. */
const OF_PROCESS = /^(process|nodejs|v8js|system|go|python|jvm|otel|promhttp|scrape)_/;

/** The histograms and summaries of the page that nothing else shows. */
export function otherHistograms(interval: ScrapeInterval): TopCalls[] {
  const names = familiesOf(interval, ['histogram', 'summary']);
  return names
    .flatMap((name) =>
      [...interval.recorded(name, (labels) => seriesName(name, labels))].map(([series, recorded]) =>
        callsFrom(series, recorded, undefined, interval.seconds),
      ),
    )
    .filter(({ rate }) => rate > 0)
    .toSorted(busiestFirst)
    .slice(0, MOST_ROWS);
}

export function otherCounters(interval: ScrapeInterval): TopReport['counters'] {
  return familiesOf(interval, ['counter'])
    .flatMap((family) => {
      // OpenMetrics names the family without what its series end on.
      const name = interval.now(family).length > 0 ? family : `${family}_total`;
      return interval.grown(name).map(({ labels, growth }) => {
        return { name: seriesName(name, labels), rate: growth / interval.seconds };
      });
    })
    .filter(({ rate }) => rate > 0)
    .toSorted(busiestFirst)
    .slice(0, MOST_ROWS);
}

function familiesOf(interval: ScrapeInterval, types: readonly string[]): string[] {
  return [...interval.families]
    .filter(([name, type]) => types.includes(type) && !isShown(name))
    .map(([name]) => name);
}

function isShown(name: string): boolean {
  return SHOWN.has(name) || SHOWN.has(`${name}_total`) || OF_PROCESS.test(name);
}

/** As it is written on the page, without what only tells buckets and libraries apart. */
function seriesName(name: string, labels: Labels): string {
  const told = Object.entries(labels).filter(([label]) => {
    return label !== 'le' && label !== 'quantile' && !label.startsWith('otel_scope_');
  });
  if (told.length === 0) return name;
  return `${name}{${told.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(', ')}}`;
}
