import { otherCounters, otherHistograms } from './other-metrics.js';
import { cachesOf, operationsOf, optimizerOf, poolsOf, queuesOf, requestsOf } from './own-metrics.js';
import { resourcesOf } from './process-metrics.js';
import { ScrapeInterval } from './interval.js';
import { shown, type Scraped } from './scrape.js';
import type { TopReport } from './top-report.js';

/** What two scrapes of a process, one after the other, say. `time`: seconds since 1970. */
export function readTop(url: URL, before: Scraped, after: Scraped, time: number): TopReport {
  const interval = new ScrapeInterval(before, after);
  const { samples, bytes, seconds } = after;
  return {
    version: 1,
    url: shown(url),
    time,
    seconds: interval.seconds,
    page: { series: samples.length, bytes, seconds },
    service: interval.now('target_info')[0]?.labels['service_name'],
    resources: resourcesOf(interval),
    operations: operationsOf(interval),
    requests: requestsOf(interval),
    caches: cachesOf(interval),
    queues: queuesOf(interval),
    pools: poolsOf(interval),
    optimizer: optimizerOf(interval),
    histograms: otherHistograms(interval),
    counters: otherCounters(interval),
  };
}
