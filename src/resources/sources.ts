import type { Sample } from './sample.js';
import type { ResourceSnapshot } from './snapshot.js';

/** Where a sample came from. */
export interface ResourceSources {
  /** CPU of the machine: from the kernel's own sum, or added up over the cores by host-metrics. */
  readonly machineCpu: '/proc/stat' | 'host-metrics';
  /** Versions of the cgroups that count and limit this process; empty where there are none. */
  readonly cgroups: readonly (1 | 2)[];
  /** Whose pressure is told; `undefined` where the kernel tells none. */
  readonly pressure: 'cgroup' | 'machine' | undefined;
  /** Fields of the snapshot that are `undefined`: what this system does not tell, or what has not happened yet. */
  readonly missing: readonly (keyof ResourceSnapshot)[];
}

export function sourcesOf({ snapshot, host, container, pressures }: Sample): ResourceSources {
  const fields = Object.entries(snapshot) as [keyof ResourceSnapshot, unknown][];
  const [pressure] = Object.values(pressures);
  return {
    machineCpu: Object.keys(host.systemCpuSeconds).length === 0 ? '/proc/stat' : 'host-metrics',
    cgroups: container?.versions ?? [],
    pressure: pressure?.scope,
    missing: fields.filter(([, value]) => value === undefined).map(([name]) => name),
  };
}
