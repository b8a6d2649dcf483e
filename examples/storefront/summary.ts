import type {
  CacheManagerStats,
  CacheWhatIf,
  OperationMetrics,
  OptimizationReport,
  Performance,
  ResourceStatus,
  ResourceUsage,
} from '@gary-zero/performance';
import type { DecisionStory, ToldDecision } from './decision-story.js';
import { asMegabytes, asMilliseconds, asPercent } from './format.js';
import type { KeySource } from './key-source.js';
import { decisionLines } from './live-lines.js';
import type { Load } from './load.js';
import type { Problems } from './problems.js';
import type { Service } from './service.js';
import type { ShopCaches } from './shop-caches.js';

/** What a run came to; printed as it is with `--json`. */
export interface Summary {
  /** Seconds under load. */
  readonly seconds: number;
  readonly urls: { readonly service: string; readonly metrics: string | undefined };
  /** Requests that were answered. */
  readonly requests: number;
  /** Of those the failed ones: declined checkouts, and answers with status 500. */
  readonly errors: number;
  /** Of those what should not have been, and requests without an answer. More than 0 fails the run. */
  readonly unexpectedErrors: number;
  /** Share of all lookups that the caches answered, 0 to 1. */
  readonly hitRatio: number;
  readonly load: { readonly keys: string; readonly progress: string; readonly leftOut: number };
  readonly caches: Readonly<Record<string, CacheSummary>>;
  /** What the optimizer did and advised, in order, each with its reason and, once measured, its verdict. */
  readonly decisions: readonly ToldDecision[];
  readonly operations: Readonly<Record<string, OperationMetrics>>;
  readonly resources: ResourceUsage;
  readonly optimizer: OptimizationReport & { readonly status: ResourceStatus };
}

export interface CacheSummary extends Pick<CacheManagerStats, 'hits' | 'misses' | 'hitRatio' | 'size'> {
  readonly bytes: number;
  /** What a miss cost lately. */
  readonly missSeconds: number | undefined;
  /** What it would do with other memory. */
  readonly whatIf: CacheWhatIf['points'];
}

export interface SummarySources {
  readonly perf: Performance;
  readonly caches: ShopCaches;
  readonly service: Service;
  readonly load: Load;
  readonly keys: KeySource;
  readonly story: DecisionStory;
  readonly problems: Problems;
  readonly serviceUrl: string;
  readonly seconds: number;
}

/** Seconds; so that the very first requests are not left out. */
const MARGIN = 1;

/** Ask for it before `perf.shutdown()`, while everything still runs. */
export function summarize(sources: SummarySources): Summary {
  const { perf, caches, service, load, keys, story, problems, serviceUrl, seconds } = sources;
  const { operationMetrics, resourceUsage } = perf.monitor.getPerformanceSummary({
    duration: seconds + MARGIN,
  });
  const all = caches.all.map((cache) => cache.stats());
  const lookups = all.reduce((sum, { totalRequests }) => sum + totalRequests, 0);
  const hits = all.reduce((sum, stats) => sum + stats.hits, 0);
  return {
    seconds,
    urls: { service: serviceUrl, metrics: perf.metricsUrl },
    requests: service.answered,
    errors: service.declined + service.failed,
    unexpectedErrors: problems.count,
    hitRatio: lookups === 0 ? 0 : hits / lookups,
    load: { keys: keys.description, progress: keys.progress, leftOut: load.leftOut },
    caches: cachesOf(perf, caches),
    decisions: story.told,
    operations: operationMetrics,
    resources: resourceUsage,
    optimizer: {
      ...perf.optimizer.generateOptimizationReport(),
      status: perf.optimizer.getResourceStatus(),
    },
  };
}

function cachesOf({ optimizer }: Performance, { all, budget }: ShopCaches): Record<string, CacheSummary> {
  const whatIf = optimizer.whatIf().find(({ name }) => name === budget.name)?.caches ?? [];
  return Object.fromEntries(
    all.map((cache) => {
      const { name, hits, misses, hitRatio, size, memoryUsage: bytes } = cache.stats();
      const { missSeconds } = budget.shares.find((share) => share.name === name) ?? {};
      const points = whatIf.find((known) => known.name === name)?.points ?? [];
      return [name, { hits, misses, hitRatio, size, bytes, missSeconds, whatIf: points }];
    }),
  );
}

/** For people. */
export function describe(summary: Summary): string {
  const { seconds, requests, errors, unexpectedErrors, hitRatio, resources, decisions, optimizer } = summary;
  const { average } = resources;
  return [
    '',
    `${requests} requests in ${seconds.toFixed(1)} s, ${errors} errors (${unexpectedErrors} unexpected), ` +
      `${asPercent(hitRatio)} of the lookups answered by caches`,
    '',
    ...operationRows(summary),
    '',
    ...cacheRows(summary),
    ...(average === undefined
      ? []
      : [
          '',
          `on average: process CPU ${average.processCpuPercent.toFixed(1)} %, ` +
            `event loop ${asPercent(average.eventLoopUtilization)} busy, ${average.processMemoryMb.toFixed(0)} MB`,
        ]),
    '',
    decisions.length === 0
      ? 'the optimizer had nothing to do'
      : 'what the optimizer did, and what came of it:',
    ...decisions.flatMap(decisionLines),
    ...optimizer.recommendations.map((recommendation) => `recommended: ${recommendation}`),
  ].join('\n');
}

function operationRows({ operations }: Summary): string[] {
  const rows = Object.entries(operations).map(([name, { count, errors, p50, p95, p99 }]) =>
    row(name, [String(count), String(errors), ...[p50, p95, p99].map(asMilliseconds)]),
  );
  return [row('operation', ['calls', 'errors', 'p50', 'p95', 'p99']), ...rows];
}

function cacheRows({ caches }: Summary): string[] {
  const rows = Object.entries(caches).map(([name, { hitRatio, size, bytes, missSeconds, whatIf }]) => {
    const double = whatIf.find((point) => point.size === 'double')?.hitRatio;
    const miss = missSeconds === undefined ? '?' : asMilliseconds(missSeconds);
    const more = double === undefined ? '?' : asPercent(double);
    return row(name, [asPercent(hitRatio), String(size), asMegabytes(bytes), miss, more]);
  });
  return [row('cache', ['hits', 'entries', 'memory', 'a miss', 'hits 2x']), ...rows];
}

function row(name: string, cells: readonly string[]): string {
  return `  ${name.padEnd(22)}${cells.map((cell) => cell.padStart(11)).join('')}`;
}
