import type { CgroupHierarchy } from './cgroup-folders.js';
import { limitIn, numberAt, wholeNumber } from './kernel-text.js';
import type { KeptFiles } from './kept-files.js';

export const MEMORY_EVENTS = ['high', 'max', 'oom', 'oom_kill'] as const;
export type MemoryEvent = (typeof MEMORY_EVENTS)[number];

/** Memory of the cgroup whose limit is the tightest, of the own one where there is no limit. */
export interface CgroupMemory {
  readonly usageBytes: number;
  /** Usage without file contents the kernel can drop at once: what counts against the limit. */
  readonly workingSetBytes: number;
  /** The least of hard limits and of those from which the kernel slows the process down; `undefined` for none. */
  readonly limitBytes: number | undefined;
  /** How often a limit was reached or a process was killed, since the cgroup exists; those the kernel tells. */
  readonly events: Readonly<Partial<Record<MemoryEvent, number>>>;
}

export function memoryIn(files: KeptFiles, { version, levels }: CgroupHierarchy): CgroupMemory | undefined {
  const isFirst = version === 1;
  let limit = Infinity;
  let [tightest] = levels;
  for (const level of levels) {
    const own = isFirst
      ? limitIn(files.read(`${level}/memory.limit_in_bytes`))
      : Math.min(limitIn(files.read(`${level}/memory.max`)), limitIn(files.read(`${level}/memory.high`)));
    if (own >= limit) continue;
    limit = own;
    tightest = level;
  }
  const usageBytes = wholeNumber(
    files.read(`${tightest}/${isFirst ? 'memory.usage_in_bytes' : 'memory.current'}`),
  );
  if (usageBytes === undefined) return undefined;
  const stat = files.read(`${tightest}/memory.stat`);
  // Levels above that cannot be seen are known to the kernel: version 1 tells their limit.
  if (isFirst) limit = Math.min(limit, limitIn(String(numberAt(stat, 'hierarchical_memory_limit'))));
  const inactive = numberAt(stat, isFirst ? 'total_inactive_file' : 'inactive_file') ?? 0;
  return {
    usageBytes,
    workingSetBytes: Math.max(0, usageBytes - inactive),
    limitBytes: limit === Infinity ? undefined : limit,
    events: isFirst ? firstEvents(files, tightest) : events(files, tightest),
  };
}

function events(files: KeptFiles, level: string): CgroupMemory['events'] {
  const text = files.read(`${level}/memory.events`);
  return known(MEMORY_EVENTS.map((event) => [event, numberAt(text, event)] as const));
}

function firstEvents(files: KeptFiles, level: string): CgroupMemory['events'] {
  return known([
    ['max', wholeNumber(files.read(`${level}/memory.failcnt`))],
    ['oom_kill', numberAt(files.read(`${level}/memory.oom_control`), 'oom_kill')],
  ]);
}

function known(entries: readonly (readonly [MemoryEvent, number | undefined])[]): CgroupMemory['events'] {
  return Object.fromEntries(entries.filter(([, count]) => count !== undefined));
}
