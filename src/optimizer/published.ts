import * as catalogue from '../telemetry/optimizer-catalogue.js';
import type { Instruments } from '../telemetry/instruments.js';
import { whatIf } from './budget/what-if.js';
import type { MemoryOptimizer } from './memory/memory-optimizer.js';
import { pressuresOf } from './memory/memory-readings.js';
import type { Passes } from './passes.js';

/** What exporters read of an optimizer. */
export interface ShownOptimizer {
  readonly memory: MemoryOptimizer;
  readonly passes: Passes;
}

/** Lets exporters read the pressure there is and what caches would do with other memory, for as long as `shown` lives. */
export function publishOptimizer(instruments: Instruments, shown: ShownOptimizer): void {
  instruments.observe(catalogue.optimizerPressure, shown, ({ memory, passes }, report) => {
    const readings = memory.readings();
    const { eventLoopUtilization, cpuShare, processCpuShare } = passes.observation;
    const shares = {
      ...Object.fromEntries(pressuresOf(readings).map(({ source, share }) => [source, share])),
      stall: readings.stallShare,
      gc: readings.gcShare,
      loop: eventLoopUtilization,
      cpu: largest(cpuShare, processCpuShare),
    };
    for (const source of catalogue.PRESSURE_SOURCES) {
      const share = (shares as Readonly<Record<string, number | undefined>>)[source];
      if (share !== undefined) report(share, { 'perf.optimizer.source': source });
    }
  });
  instruments.observe(catalogue.optimizerWhatIfHits, shown, ({ memory }, report) => {
    for (const { cache, size, hitRatio } of pointsOf(memory))
      report(hitRatio, { 'perf.cache.name': cache, 'perf.optimizer.size': size });
  });
  instruments.observe(catalogue.optimizerWhatIfCost, shown, ({ memory }, report) => {
    for (const { cache, size, missCost } of pointsOf(memory))
      if (missCost !== undefined) report(missCost, { 'perf.cache.name': cache, 'perf.optimizer.size': size });
  });
}

function pointsOf(memory: MemoryOptimizer) {
  return memory.budgets.flatMap((budget) =>
    whatIf(budget).caches.flatMap(({ name, points }) => points.map((point) => ({ cache: name, ...point }))),
  );
}

function largest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}
