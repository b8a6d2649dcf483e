import type {
  BudgetWhatIf,
  CacheManagerStats,
  OperationMetrics,
  ResourceSnapshot,
} from '@gary-zero/performance';
import type { ToldDecision } from './decision-story.js';
import { asMegabytes, asMilliseconds, asPercent } from './format.js';

/** What has happened since the last look, and what is true now. */
export interface Look {
  readonly seconds: number;
  readonly progress: string;
  readonly requestRate: number;
  readonly errorRate: number;
  readonly operations: Readonly<Record<string, OperationMetrics>>;
  readonly caches: readonly CacheLook[];
  readonly budget: { readonly bytes: number; readonly maxBytes: number };
  readonly whatIf: BudgetWhatIf | undefined;
  readonly usage: ResourceSnapshot | undefined;
  readonly decisions: readonly ToldDecision[];
}

export interface CacheLook {
  readonly stats: CacheManagerStats;
  /** Share of the lookups since the last look that were hits; `undefined` without any. */
  readonly recentHits: number | undefined;
  readonly missSeconds: number | undefined;
}

const SHOWN_OPERATIONS = 7;
const SHOWN_DECISIONS = 5;

/** A picture for a terminal. */
export function asLines(look: Look): string[] {
  const { budget } = look;
  const memory = `${asMegabytes(budget.bytes)} of ${asMegabytes(budget.maxBytes)}`;
  return [
    `${look.seconds.toFixed(0)} s   ${look.requestRate.toFixed(0)} requests/s, ${look.errorRate.toFixed(1)} errors/s   ${look.progress}`,
    '',
    row('OPERATION', ['calls', 'p50', 'p95', 'p99']),
    ...operationRows(look.operations),
    '',
    `${row('CACHE', ['hits', 'memory', 'a miss'])}   hits by the curve with 1/4    1/2     1x     2x     4x`,
    ...look.caches.map((cache) => cacheRow(cache, look.whatIf)),
    `  together ${memory}`,
    '',
    `RESOURCES  ${usageText(look.usage)}`,
    '',
    'OPTIMIZER',
    ...(look.decisions.length === 0 ? ['  nothing to do yet'] : []),
    ...look.decisions.slice(-SHOWN_DECISIONS).flatMap(decisionLines),
  ];
}

/** For what is no terminal. */
export function asLine(look: Look): string {
  const pages = look.operations['GET /products/:id'];
  const hits = look.caches.map(({ stats, recentHits }) => `${stats.name} ${hitsText(recentHits)}`);
  return [
    `${look.seconds.toFixed(0)} s: ${look.requestRate.toFixed(0)} requests/s, ${look.errorRate.toFixed(1)} errors/s`,
    pages === undefined
      ? 'no page yet'
      : `pages p50 ${asMilliseconds(pages.p50)}, p99 ${asMilliseconds(pages.p99)}`,
    `hits ${hits.join(', ')}`,
    usageText(look.usage),
    look.progress,
  ].join('; ');
}

/** The decision, and what came of it once that is known. */
export function decisionLines(told: ToldDecision): string[] {
  const { at, action, target, outcome, reason, explanation, recommendation, verdict } = told;
  return [
    `  ${at.toFixed(1)} s  ${action} of ${target}: ${outcome}, ${reason}`,
    `      ${outcome === 'advised' ? (recommendation ?? explanation) : explanation}`,
    ...(verdict === undefined
      ? []
      : [`      -> ${verdict.at.toFixed(1)} s  ${verdict.kind}: ${verdict.explanation}`]),
  ];
}

function operationRows(operations: Look['operations']): string[] {
  return Object.entries(operations)
    .slice(0, SHOWN_OPERATIONS)
    .map(([name, { count, p50, p95, p99 }]) =>
      row(`  ${name}`, [String(count), ...[p50, p95, p99].map(asMilliseconds)]),
    );
}

function cacheRow({ stats, recentHits, missSeconds }: CacheLook, whatIf: BudgetWhatIf | undefined): string {
  const points = whatIf?.caches.find(({ name }) => name === stats.name)?.points ?? [];
  const curve = points.map(({ hitRatio }) => asPercent(hitRatio).padStart(7)).join('');
  const miss = missSeconds === undefined ? '?' : asMilliseconds(missSeconds);
  const cells = [hitsText(recentHits), asMegabytes(stats.memoryUsage), miss];
  return `${row(`  ${stats.name}`, cells)}   ${curve.padStart(49)}`;
}

function usageText(usage: ResourceSnapshot | undefined): string {
  if (usage === undefined) return 'not measured yet';
  return (
    `process CPU ${usage.processCpuPercent.toFixed(0)} %, machine ${usage.cpuPercent.toFixed(0)} %, ` +
    `event loop ${asPercent(usage.eventLoopUtilization)} busy, ` +
    `memory ${usage.processMemoryMb.toFixed(0)} MB, of it heap ${usage.heapUsedMb.toFixed(0)} MB`
  );
}

function hitsText(share: number | undefined): string {
  return share === undefined ? 'none' : asPercent(share);
}

function row(name: string, cells: readonly string[]): string {
  return `${name.padEnd(22)}${cells.map((cell) => cell.padStart(10)).join('')}`;
}
