import type { WriteStream } from 'node:tty';
import type { Performance } from '@gary-zero/performance';
import type { DecisionStory } from './decision-story.js';
import type { KeySource } from './key-source.js';
import { asLine, asLines, decisionLines, type Look } from './live-lines.js';
import type { Service } from './service.js';
import type { ShopCaches } from './shop-caches.js';

export interface LiveViewOptions {
  readonly perf: Performance;
  readonly caches: ShopCaches;
  readonly service: Service;
  readonly keys: KeySource;
  readonly story: DecisionStory;
  /** A terminal is redrawn in place; anything else gets a line each time, and decisions as they come. */
  readonly stream: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;
}

const INTERVAL_MS = 1000;
/** Seconds the percentiles reach back: long enough for a p99, short enough to see a change. */
const WINDOW = 10;
const DEFAULT_COLUMNS = 120;
const CSI = '\u001B[';

interface Counts {
  readonly at: number;
  readonly answered: number;
  readonly errors: number;
  readonly lookups: ReadonlyMap<string, { readonly hits: number; readonly all: number }>;
}

/** Shows once a second how the shop does. */
export class LiveView {
  readonly #options: LiveViewOptions;
  readonly #start = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #drawnLines = 0;
  #toldLines = new Set<string>();
  #last: Counts;

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
    const { stream } = this.#options;
    const look = this.#look();
    if (stream.isTTY !== true) {
      for (const line of [asLine(look), ...this.#newlyTold(look)]) stream.write(`${line}\n`);
      return;
    }
    // Some terminals say 0 when they do not know.
    const width = (stream.columns || DEFAULT_COLUMNS) - 1;
    // A line that wraps would count as two when moving up.
    const lines = asLines(look).map((line) => line.slice(0, width));
    const up = this.#drawnLines === 0 ? '' : `${CSI}${this.#drawnLines}A`;
    stream.write(`${up}${CSI}0J${lines.join('\n')}\n`);
    this.#drawnLines = lines.length;
  }

  #newlyTold({ decisions }: Look): string[] {
    const lines = decisions.flatMap(decisionLines).filter((line) => !this.#toldLines.has(line));
    for (const line of lines) this.#toldLines.add(line);
    return lines;
  }

  #counts(): Counts {
    const { caches, service } = this.#options;
    const lookups = caches.all.map((cache) => {
      const { name, hits, totalRequests } = cache.stats();
      return [name, { hits, all: totalRequests }] as const;
    });
    return {
      at: performance.now(),
      answered: service.answered,
      errors: service.declined + service.failed,
      lookups: new Map(lookups),
    };
  }

  #look(): Look {
    const { perf, caches, keys, story } = this.#options;
    const [before, now] = [this.#last, this.#counts()];
    this.#last = now;
    const seconds = (now.at - before.at) / 1000;
    const { operationMetrics, resourceUsage } = perf.monitor.getPerformanceSummary({ duration: WINDOW });
    const { bytes, maxBytes, shares } = caches.budget;
    return {
      seconds: (now.at - this.#start) / 1000,
      progress: keys.progress,
      requestRate: (now.answered - before.answered) / seconds,
      errorRate: (now.errors - before.errors) / seconds,
      operations: operationMetrics,
      caches: caches.all.map((cache) => {
        const stats = cache.stats();
        const [was, is] = [before.lookups.get(stats.name)!, now.lookups.get(stats.name)!];
        const { missSeconds } = shares.find(({ name }) => name === stats.name) ?? {};
        const asked = is.all - was.all;
        return { stats, recentHits: asked === 0 ? undefined : (is.hits - was.hits) / asked, missSeconds };
      }),
      budget: { bytes, maxBytes },
      whatIf: perf.optimizer.whatIf().find(({ name }) => name === caches.budget.name),
      usage: resourceUsage.current,
      decisions: story.told,
    };
  }
}
