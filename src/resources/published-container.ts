import * as catalogue from '../telemetry/catalogue.js';
import { entriesOf, published } from './published.js';
import type { Sample } from './sample.js';

/** Of the cgroup of this process, and of the pressure on it. */
export const CONTAINER_FIGURES = [
  published(catalogue.containerCpuTime, ({ container }, report) => report(container?.cpu?.usedSeconds)),
  published(catalogue.containerCpuUsage, ({ containerCpuCores }, report) => report(containerCpuCores)),
  published(catalogue.containerCpuLimit, ({ cpuLimitCores }, report) => report(cpuLimitCores)),
  published(catalogue.containerCpuPeriods, ({ container }, report) => report(container?.cpu?.periods)),
  published(catalogue.containerCpuThrottledPeriods, ({ container }, report) =>
    report(container?.cpu?.throttledPeriods),
  ),
  published(catalogue.containerCpuThrottledTime, ({ container }, report) =>
    report(container?.cpu?.throttledSeconds),
  ),
  published(catalogue.containerMemoryUsage, ({ container }, report) => report(container?.memory?.usageBytes)),
  published(catalogue.containerMemoryWorkingSet, ({ container }, report) =>
    report(container?.memory?.workingSetBytes),
  ),
  published(catalogue.containerMemoryAvailable, ({ container }, report) => {
    const { limitBytes, workingSetBytes } = container?.memory ?? {};
    if (limitBytes === undefined || workingSetBytes === undefined) return;
    report(Math.max(0, limitBytes - workingSetBytes));
  }),
  published(catalogue.containerMemoryLimit, ({ container }, report) => report(container?.memory?.limitBytes)),
  published(catalogue.containerMemoryEvents, ({ container }, report) => {
    for (const [event, count] of entriesOf(container?.memory?.events ?? {}))
      report(count, { 'perf.container.memory.event': event });
  }),
  published(catalogue.pressureTime, (sample, report) => {
    for (const { stall, attributes } of stallsOf(sample)) report(stall.seconds, attributes);
  }),
  published(catalogue.pressureShare, (sample, report) => {
    for (const { stall, attributes } of stallsOf(sample)) report(stall.share, attributes);
  }),
];

function stallsOf({ pressures }: Sample) {
  return entriesOf(pressures).flatMap(([resource, reading]) =>
    (['some', 'full'] as const).flatMap((kind) => {
      const stall = reading[kind];
      if (stall === undefined) return [];
      const attributes = {
        'perf.pressure.resource': resource,
        'perf.pressure.kind': kind,
        'perf.pressure.scope': reading.scope,
      } as const;
      return [{ stall, attributes }];
    }),
  );
}
