import { pressureOf, type CacheObservation, type Observation } from './observation.js';
import type { MadeDecision } from './decide.js';

/** Percentages from 0 to 100; absent where nobody measures them (the monitor's resource tracker does, once started). */
export interface ResourceStatus {
  readonly memory: {
    readonly usagePercent: number;
    readonly machinePercent?: number;
    readonly heapPercent?: number;
  };
  readonly cpu: {
    readonly usagePercent: number;
    readonly machinePercent?: number;
    readonly processPercent?: number;
    readonly eventLoopPercent?: number;
  };
  readonly caches: readonly CacheObservation[];
  readonly autoOptimizationActive: boolean;
}

export interface OptimizationReport {
  /** ISO 8601. */
  readonly generatedAt: string;
  readonly optimizationSummary: {
    /** Decisions that changed something. */
    readonly totalOptimizations: number;
    readonly decisions: { readonly hold: number; readonly advise: number; readonly act: number };
    /** Absent: not measured. */
    readonly avgMemoryImprovementPercent?: number;
  };
  /** What is recommended as of the last look, each once. */
  readonly recommendations: readonly string[];
  /** The newest last. */
  readonly recentDecisions: readonly MadeDecision[];
  readonly caches: readonly CacheObservation[];
}

const RECENT = 20;

export function statusFrom(observation: Observation, autoOptimizationActive: boolean): ResourceStatus {
  const { memory, cpu } = pressureOf(observation);
  const { memoryShare, heapShare, cpuShare, processCpuShare, eventLoopUtilization, caches } = observation;
  return {
    memory: {
      usagePercent: 100 * memory,
      ...(memoryShare !== undefined && { machinePercent: 100 * memoryShare }),
      ...(heapShare !== undefined && { heapPercent: 100 * heapShare }),
    },
    cpu: {
      usagePercent: 100 * cpu,
      ...(cpuShare !== undefined && { machinePercent: 100 * cpuShare }),
      ...(processCpuShare !== undefined && { processPercent: 100 * processCpuShare }),
      ...(eventLoopUtilization !== undefined && { eventLoopPercent: 100 * eventLoopUtilization }),
    },
    caches,
    autoOptimizationActive,
  };
}

export function reportFrom(
  wallMs: number,
  caches: readonly CacheObservation[],
  counts: { readonly hold: number; readonly advise: number; readonly act: number },
  decisions: readonly MadeDecision[],
): OptimizationReport {
  const recentDecisions = decisions.slice(-RECENT);
  const { time: lastLook } = decisions.at(-1) ?? {};
  const latest = decisions.filter(({ time }) => time === lastLook);
  const recommendations = new Set(latest.flatMap(({ recommendation }) => recommendation ?? []));
  return {
    generatedAt: new Date(wallMs).toISOString(),
    optimizationSummary: { totalOptimizations: counts.act, decisions: { ...counts } },
    recommendations: [...recommendations],
    recentDecisions,
    caches,
  };
}
