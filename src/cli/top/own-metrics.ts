import * as catalogue from '../../telemetry/catalogue.js';
import { callsOf } from './calls.js';
import { exportedLabel, exportedName } from './exported-names.js';
import type { Labels } from './exposition.js';
import type { ScrapeInterval } from './interval.js';
import type { TopCache, TopCalls, TopDecision, TopOptimizer, TopPool, TopQueue } from './top-report.js';

// What this package exports, by the names of its catalogue.

const ERROR = exportedLabel('error.type');
const HITS: ReadonlySet<string | undefined> = new Set(['hit', 'stale', 'negative']);

export function operationsOf(interval: ScrapeInterval): TopCalls[] {
  const name = exportedLabel('perf.operation.name');
  const histogram = exportedName(catalogue.operationDuration);
  return callsOf(interval, histogram, (labels) => labels[name], hasError);
}

/** Under the names of the semantic conventions, so those of other libraries are among them. */
export function requestsOf(interval: ScrapeInterval): TopCalls[] {
  const [method, route, status] = [
    exportedLabel('http.request.method'),
    exportedLabel('http.route'),
    exportedLabel('http.response.status_code'),
  ];
  return callsOf(
    interval,
    exportedName(catalogue.httpServerRequestDuration),
    (labels) => `${labels[method] ?? 'any'} ${labels[route] ?? '(no route)'}`,
    (labels) => hasError(labels) || Number(labels[status]) >= 500,
  );
}

export function cachesOf(interval: ScrapeInterval): TopCache[] {
  const label = exportedLabel('perf.cache.name');
  const result = exportedLabel('perf.cache.result');
  const size = exportedLabel('perf.optimizer.size');
  const nameOf = (labels: Labels) => labels[label];
  const lookups = interval.grown(exportedName(catalogue.cacheLookups));
  const loads = interval.recorded(exportedName(catalogue.cacheLoadDuration), nameOf);
  const curves = interval.now(exportedName(catalogue.optimizerWhatIfHits));
  const [entries, bytes] = [catalogue.cacheEntries, catalogue.cacheUsage].map((definition) => {
    return nowBy(interval, exportedName(definition), label);
  });
  return namesIn(lookups, label)
    .map((name) => {
      const own = lookups.filter(({ labels }) => labels[label] === name);
      const all = total(own);
      const hits = total(own.filter(({ labels }) => HITS.has(labels[result])));
      const load = loads.get(name);
      const points = curves.filter(({ labels }) => labels[label] === name);
      return {
        name,
        lookupRate: all / interval.seconds,
        hitRatio: all > 0 ? hits / all : undefined,
        missMean: load === undefined || load.count === 0 ? undefined : load.sum / load.count,
        entries: entries!.get(name),
        bytes: bytes!.get(name),
        whatIf: Object.fromEntries(points.map(({ labels, value }) => [labels[size] ?? '', value])),
      };
    })
    .toSorted((a, b) => b.lookupRate - a.lookupRate);
}

export function queuesOf(interval: ScrapeInterval): TopQueue[] {
  const label = exportedLabel('perf.task.queue');
  const [active, limit, queued] = [catalogue.taskActive, catalogue.taskLimit, catalogue.taskQueued].map(
    (definition) => nowBy(interval, exportedName(definition), label),
  );
  return [...active!].map(([name, running]) => ({
    name,
    active: running,
    limit: limit!.get(name),
    queued: queued!.get(name) ?? 0,
  }));
}

export function poolsOf(interval: ScrapeInterval): TopPool[] {
  const kinds = [
    {
      label: exportedLabel('perf.pool.name'),
      state: exportedLabel('perf.pool.state'),
      resources: catalogue.poolResources,
      max: catalogue.poolResourcesMax,
      waiting: catalogue.poolPendingRequests,
    },
    {
      label: exportedLabel('db.client.connection.pool.name'),
      state: exportedLabel('db.client.connection.state'),
      resources: catalogue.dbConnections,
      max: catalogue.dbConnectionsMax,
      waiting: catalogue.dbConnectionPendingRequests,
    },
  ];
  return kinds.flatMap(({ label, state, resources, max, waiting }) => {
    const used = nowBy(interval, exportedName(resources), label, (labels) => labels[state] === 'used');
    const limits = nowBy(interval, exportedName(max), label);
    const waits = nowBy(interval, exportedName(waiting), label);
    return [...used].map(([name, count]) => ({
      name,
      used: count,
      limit: limits.get(name),
      waiting: waits.get(name) ?? 0,
    }));
  });
}

export function optimizerOf(interval: ScrapeInterval): TopOptimizer {
  const [source, action, target, outcome, reason] = ['source', 'action', 'target', 'outcome', 'reason'].map(
    (name) => exportedLabel(`perf.optimizer.${name}`),
  ) as [string, string, string, string, string];
  const textOf = (labels: Labels, label: string) => labels[label] ?? '';
  const name = exportedName(catalogue.optimizerDecisions);
  const growth = interval.grown(name);
  const decisions = interval.now(name).map(({ labels, value }, index): TopDecision => {
    return {
      action: textOf(labels, action),
      target: textOf(labels, target),
      outcome: textOf(labels, outcome),
      reason: textOf(labels, reason),
      times: value,
      lately: growth[index]!.growth,
    };
  });
  return {
    pressures: interval.now(exportedName(catalogue.optimizerPressure)).map(({ labels, value }) => {
      return { source: textOf(labels, source), share: value };
    }),
    settings: interval.now(exportedName(catalogue.optimizerSetting)).map(({ labels, value }) => {
      return { action: textOf(labels, action), target: textOf(labels, target), value };
    }),
    decisions: decisions
      .filter((decision) => decision.outcome !== 'held')
      .toSorted((a, b) => b.lately - a.lately || b.times - a.times),
  };
}

function hasError(labels: Labels): boolean {
  return (labels[ERROR] ?? '') !== '';
}

function namesIn(series: readonly { readonly labels: Labels }[], label: string): string[] {
  return [...new Set(series.flatMap(({ labels }) => labels[label] ?? []))];
}

function total(series: readonly { readonly growth: number }[]): number {
  return series.reduce((sum, { growth }) => sum + growth, 0);
}

/** Values as they are now, added up by a label. */
function nowBy(
  interval: ScrapeInterval,
  name: string,
  label: string,
  filter: (labels: Labels) => boolean = () => true,
): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { labels, value } of interval.now(name)) {
    const key = labels[label];
    if (key !== undefined && filter(labels)) sums.set(key, (sums.get(key) ?? 0) + value);
  }
  return sums;
}
