import type { BudgetWhatIf } from './budget/what-if.js';
import type { DecisionLog } from './decision-log.js';
import type { MadeDecision, MadeVerdict, Outcome } from './decision.js';
import type { FunctionReport } from './functions/optimized-function.js';
import { pressuresOf } from './memory/memory-readings.js';
import { cpuPressureOf, type CacheObservation, type Observation } from './observation.js';
import { studentT95 } from './student-t.js';
import { mean } from './verdict.js';

/** Percentages from 0 to 100; absent where nobody measures them (the monitor's resource tracker does, once started). */
export interface ResourceStatus {
  readonly memory: {
    /** The highest of those below. */
    readonly usagePercent: number;
    /** Of the heap's limit, or of the container's if that is less; without garbage where that is known. */
    readonly heapPercent?: number;
    readonly containerPercent?: number;
    /** Absent in a container that has a limit of its own. */
    readonly machinePercent?: number;
  };
  readonly cpu: {
    readonly usagePercent: number;
    readonly machinePercent?: number;
    readonly processPercent?: number;
    readonly eventLoopPercent?: number;
  };
  readonly caches: readonly CacheObservation[];
  /** Functions with `@autoOptimize`, the most time-consuming first. */
  readonly functions: readonly FunctionReport[];
  readonly autoOptimizationActive: boolean;
}

/** What the optimizer decided lately, what came of it, and what it recommends. */
export interface OptimizationReport {
  /** ISO 8601. */
  readonly generatedAt: string;
  readonly optimizationSummary: {
    /** Decisions that changed something. */
    readonly totalOptimizations: number;
    readonly decisions: Readonly<Record<Outcome, number>>;
    /** Share of the live heap that changes freed, in the mean. Absent while fewer than three were measured. */
    readonly avgMemoryImprovementPercent?: number;
    /** 95 % interval of it. */
    readonly avgMemoryImprovementInterval?: readonly [low: number, high: number];
  };
  /** What is recommended as of the last look, each once. */
  readonly recommendations: readonly string[];
  /** The newest last. */
  readonly recentDecisions: readonly MadeDecision[];
  /** What became of applied ones, by their ids; the newest last. */
  readonly recentVerdicts: readonly MadeVerdict[];
  /** What caches would do with other memory, budget by budget. */
  readonly whatIf: readonly BudgetWhatIf[];
  readonly caches: readonly CacheObservation[];
  /** Functions with `@autoOptimize`, the most time-consuming first. */
  readonly functions: readonly FunctionReport[];
}

const RECENT = 20;
/** With fewer, an interval says nothing. */
const MIN_MEASURED = 3;

export function statusFrom(
  observation: Observation,
  autoOptimizationActive: boolean,
  functions: readonly FunctionReport[],
): ResourceStatus {
  const { cpuShare, processCpuShare, eventLoopUtilization, caches } = observation;
  const pressures = pressuresOf(observation.memory);
  const ofSource = pressures.map(({ source, share }) => [`${source}Percent`, 100 * share] as const);
  return {
    memory: { usagePercent: 100 * (pressures[0]?.share ?? 0), ...Object.fromEntries(ofSource) },
    cpu: {
      usagePercent: 100 * cpuPressureOf(observation),
      ...(cpuShare !== undefined && { machinePercent: 100 * cpuShare }),
      ...(processCpuShare !== undefined && { processPercent: 100 * processCpuShare }),
      ...(eventLoopUtilization !== undefined && { eventLoopPercent: 100 * eventLoopUtilization }),
    },
    caches,
    functions,
    autoOptimizationActive,
  };
}

export interface ReportSources {
  readonly wallMs: number;
  readonly log: Pick<DecisionLog, 'decisions' | 'verdicts' | 'counts'>;
  /** Decisions of the last pass. */
  readonly latest: readonly MadeDecision[];
  readonly caches: readonly CacheObservation[];
  readonly whatIf: readonly BudgetWhatIf[];
  readonly functions: readonly FunctionReport[];
}

export function reportFrom({
  wallMs,
  log,
  latest,
  caches,
  whatIf,
  functions,
}: ReportSources): OptimizationReport {
  const recommendations = new Set(latest.flatMap(({ recommendation }) => recommendation ?? []));
  return {
    generatedAt: new Date(wallMs).toISOString(),
    optimizationSummary: {
      totalOptimizations: log.counts.applied,
      decisions: { ...log.counts },
      ...memoryImprovement(log.verdicts),
    },
    recommendations: [...recommendations, ...whatIf.flatMap(({ advice }) => advice)],
    recentDecisions: log.decisions.slice(-RECENT),
    recentVerdicts: log.verdicts.slice(-RECENT),
    whatIf,
    caches,
    functions,
  };
}

function memoryImprovement(verdicts: readonly MadeVerdict[]) {
  const shares = verdicts.flatMap(({ freedShare }) => freedShare ?? []);
  if (shares.length < MIN_MEASURED) return {};
  const centre = mean(shares);
  const squares = shares.reduce((sum, share) => sum + (share - centre) ** 2, 0);
  const degrees = shares.length - 1;
  const reach = studentT95(degrees) * Math.sqrt(squares / degrees / shares.length);
  return {
    avgMemoryImprovementPercent: 100 * centre,
    avgMemoryImprovementInterval: [100 * (centre - reach), 100 * (centre + reach)] as const,
  };
}
