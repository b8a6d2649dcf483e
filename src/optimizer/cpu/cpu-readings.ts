import type { Sample } from '../../resources/sample.js';
import { IDLE_CPU_MODES } from '../observation.js';

/** What a sample says of the CPU; shares from 0 to 1. */
export interface CpuReadings {
  readonly cpuShare: number;
  readonly processCpuShare: number;
  readonly eventLoopUtilization: number;
}

export function cpuReadingsOf({ cpuShares, processCpuShares, loopUtilization }: Sample): CpuReadings {
  const busy = Object.entries(cpuShares).filter(([mode]) => !IDLE_CPU_MODES.has(mode));
  return {
    cpuShare: busy.reduce((sum, [, share]) => sum + share, 0),
    processCpuShare: processCpuShares.user + processCpuShares.system,
    eventLoopUtilization: loopUtilization,
  };
}
