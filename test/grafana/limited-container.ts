import { Container, type ContainerReading } from '../../src/resources/container.js';

const MB = 1024 * 1024;
const LIMIT = 512 * MB;
const LIMIT_CORES = 1;
/** The kernel's periods of a quota. */
const PERIOD_SECONDS = 0.1;
/** From this many cores in use on a sample counts as throttled: some do. */
const THROTTLED_FROM = 0.2;

/**
 * Lets every sample of this process find a container with limits, wherever it runs: machines without one would leave
 * panels empty. What is used is real.
 */
export function pretendLimits(): void {
  const begin = performance.now();
  let throttled = 0;
  let before = usage();
  Container.prototype.read = (): ContainerReading => {
    const now = usage();
    const cores = (now.cpuSeconds - before.cpuSeconds) / Math.max(now.at - before.at, PERIOD_SECONDS);
    if (cores > THROTTLED_FROM) throttled += 1;
    before = now;
    return {
      versions: [2],
      memory: { usageBytes: now.bytes, workingSetBytes: now.bytes, limitBytes: LIMIT, events: {} },
      cpu: {
        usedSeconds: now.cpuSeconds,
        limitCores: LIMIT_CORES,
        periods: Math.floor((now.at - begin / 1000) / PERIOD_SECONDS),
        throttledPeriods: throttled,
        throttledSeconds: throttled * PERIOD_SECONDS * 0.5,
      },
    };
  };
}

function usage(): { at: number; cpuSeconds: number; bytes: number } {
  const { user, system } = process.cpuUsage();
  return {
    at: performance.now() / 1000,
    cpuSeconds: (user + system) / 1e6,
    bytes: process.memoryUsage.rss(),
  };
}
