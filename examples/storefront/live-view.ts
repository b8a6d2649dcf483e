import type { WriteStream } from 'node:tty';
import type { CacheManagerStats, MadeDecision, Performance, ResourceSnapshot } from '@gary-zero/performance';
import { asMilliseconds, asPercent } from './format.js';
import type { KeySource } from './key-source.js';
import type { Service } from './service.js';

export interface LiveViewOptions {
  readonly perf: Performance;
  readonly service: Service;
  readonly keys: KeySource;
  /** A terminal is redrawn in place; anything else gets one line each time. */
  readonly stream: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;
}

const INTERVAL_MS = 1000;
/** Seconds the percentiles reach back: long enough for a p99, short enough to see a change. */
const WINDOW = 10;
const DEFAULT_COLUMNS = 100;
const CSI = '\u001B[';

/** What has happened since the last look, and what is true now. */
interface Look {
  readonly seconds: number;
  readonly requestRate: number;
  readonly errorRate: number;
  readonly latency: string;
  readonly recentHits: string;
  readonly cache: CacheManagerStats;
  readonly evictionRate: number;
  readonly usage: Usage;
  readonly decisions: readonly MadeDecision[];
}

/** Of this process, and of the machine where it says so. */
interface Usage {
  readonly cpu: string;
  readonly machineCpu: string;
  readonly loop: string;
  readonly memory: string;
  readonly heap: string;
}

/** Shows once a second how the shop does. */
export class LiveView {
  readonly #options: LiveViewOptions;
  readonly #start = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #drawnLines = 0;
  #last: { at: number; answered: number; errors: number; cache: CacheManagerStats };

  constructor(options: LiveViewOptions) {
    this.#options = options;
    this.#last = this.#counts();
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#draw(), INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #draw(): void {
    const { stream, keys } = this.#options;
    const look = this.#look();
    if (stream.isTTY !== true) {
      stream.write(`${asLine(look)}; ${keys.progress}\n`);
      return;
    }
    // Some terminals say 0 when they do not know.
    const width = (stream.columns || DEFAULT_COLUMNS) - 1;
    // A line that wraps would count as two when moving up.
    const lines = [...asLines(look), `keys      ${keys.progress}`].map((line) => line.slice(0, width));
    const up = this.#drawnLines === 0 ? '' : `${CSI}${this.#drawnLines}A`;
    stream.write(`${up}${CSI}0J${lines.join('\n')}\n`);
    this.#drawnLines = lines.length;
  }

  #counts(): { at: number; answered: number; errors: number; cache: CacheManagerStats } {
    const { perf, service } = this.#options;
    return {
      at: performance.now(),
      answered: service.answered,
      errors: service.declined + service.failed,
      cache: perf.cache.stats(),
    };
  }

  #look(): Look {
    const { perf } = this.#options;
    const [before, now] = [this.#last, this.#counts()];
    this.#last = now;
    const seconds = (now.at - before.at) / 1000;
    const lookups = now.cache.totalRequests - before.cache.totalRequests;
    const { operationMetrics, resourceUsage } = perf.monitor.getPerformanceSummary({ duration: WINDOW });
    const pages = operationMetrics['GET /products/:id'];
    return {
      seconds: (now.at - this.#start) / 1000,
      requestRate: (now.answered - before.answered) / seconds,
      errorRate: (now.errors - before.errors) / seconds,
      latency:
        pages === undefined
          ? 'no page yet'
          : `p50 ${asMilliseconds(pages.p50)}, p95 ${asMilliseconds(pages.p95)}, p99 ${asMilliseconds(pages.p99)}`,
      recentHits: lookups === 0 ? 'none' : asPercent((now.cache.hits - before.cache.hits) / lookups),
      cache: now.cache,
      evictionRate: (now.cache.evictions - before.cache.evictions) / seconds,
      usage: usageOf(resourceUsage.current),
      decisions: latestOf(perf.optimizer.generateOptimizationReport().recentDecisions),
    };
  }
}

function usageOf(current: ResourceSnapshot | undefined): Usage {
  if (current === undefined) return { cpu: '?', machineCpu: '?', loop: '?', memory: '?', heap: '?' };
  return {
    cpu: `${current.processCpuPercent.toFixed(0)} %`,
    machineCpu: `${current.cpuPercent.toFixed(0)} %`,
    loop: asPercent(current.eventLoopUtilization),
    memory: `${current.processMemoryMb.toFixed(0)} MB`,
    heap: `${current.heapUsedMb.toFixed(0)} MB`,
  };
}

/** The last decision of each action about each target. */
function latestOf(decisions: readonly MadeDecision[]): MadeDecision[] {
  return [...new Map(decisions.map((made) => [`${made.action} ${made.target}`, made])).values()];
}

function asLine(look: Look): string {
  const decisions = look.decisions.map(({ action, outcome }) => `${action} ${outcome}`).join(', ');
  const { cpu, memory, loop } = look.usage;
  return [
    `${look.seconds.toFixed(0)} s: ${look.requestRate.toFixed(0)} requests/s, ${look.errorRate.toFixed(1)} errors/s`,
    look.latency,
    `hits ${look.recentHits}`,
    `CPU ${cpu}, loop ${loop}, memory ${memory}`,
    decisions === '' ? 'nothing decided yet' : decisions,
  ].join('; ');
}

function asLines({ cache, usage, ...look }: Look): string[] {
  return [
    `load      ${look.requestRate.toFixed(0)} requests/s, ${look.errorRate.toFixed(1)} errors/s, ` +
      `for ${look.seconds.toFixed(0)} s`,
    `pages     ${look.latency} (last ${WINDOW} s)`,
    `cache     hits ${look.recentHits} now, ${asPercent(cache.hitRatio)} in all; ` +
      `${cache.size} of ${cache.maxSize} entries, ${look.evictionRate.toFixed(0)} evictions/s`,
    `CPU       process ${usage.cpu}, machine ${usage.machineCpu}; event loop ${usage.loop} busy`,
    `memory    process ${usage.memory}, of it heap ${usage.heap}`,
    ...look.decisions.map(({ action, target, outcome, explanation, recommendation }) => {
      return `optimizer ${action} of ${target}: ${outcome}. ${recommendation ?? explanation}`;
    }),
  ];
}
