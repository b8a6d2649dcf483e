import type { Look, OptimizerAction, Proposal } from '../action.js';
import { PROCESS } from '../decision.js';
import { asPercent } from '../figures.js';
import { cpuPressureOf, type Observation } from '../observation.js';

export interface CpuSignal {
  readonly observation: Observation;
  /** Pressure from which advice is given, 0 to 1. */
  readonly threshold: number;
}

/** Says what could relieve CPU and event loop. */
export class CpuAdvice implements OptimizerAction<CpuSignal> {
  readonly name = 'cpu_advice';
  readonly resource = 'cpu';
  readonly mode = 'advise';

  observe({ observation, thresholds }: Look): readonly CpuSignal[] {
    return [{ observation, threshold: thresholds.cpuThreshold }];
  }

  propose(signal: CpuSignal): Proposal {
    return adviseCpu(signal);
  }
}

/** Pure. */
export function adviseCpu({ observation, threshold }: CpuSignal): Proposal {
  const { cpuShare, processCpuShare, eventLoopUtilization, operations } = observation;
  const target = PROCESS;
  const numbers = {
    ...(cpuShare !== undefined && { cpuShare }),
    ...(processCpuShare !== undefined && { processCpuShare }),
    ...(eventLoopUtilization !== undefined && { eventLoopUtilization }),
  };
  if (Object.keys(numbers).length === 0) {
    const explanation = 'CPU is not measured: no resource tracker runs';
    return { target, numbers, reason: 'not_measured', explanation };
  }
  const pressure = cpuPressureOf(observation);
  const state = `CPU pressure ${asPercent(pressure)} (event loop ${asPercent(eventLoopUtilization)} busy)`;
  if (pressure < threshold) {
    const explanation = `${state} is under ${asPercent(threshold)}`;
    return { target, numbers, reason: 'within_limits', explanation };
  }
  const [busiest] = operations;
  const where = busiest === undefined ? '' : `; "${busiest.name}" takes the most time`;
  const isLoop = (eventLoopUtilization ?? 0) >= threshold;
  return {
    target,
    numbers,
    reason: isLoop ? 'loop' : 'cpu',
    explanation: `${state} has reached ${asPercent(threshold)}`,
    recommendation: isLoop
      ? `Move computation to worker threads or cache its results${where}`
      : `Run fewer processes on this machine or give it more cores${where}`,
  };
}
