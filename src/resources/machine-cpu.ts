import type { KeptFiles } from './kept-files.js';

export const CPU_MODES = ['user', 'system', 'idle', 'interrupt', 'nice', 'iowait', 'steal'] as const;
export type CpuMode = (typeof CPU_MODES)[number];

/** Seconds since the machine started, all cores together; the modes the system tells. */
export type CpuSeconds = Readonly<Partial<Record<CpuMode, number>>>;

/** Linux shows user space a hundred ticks a second on every machine, whatever the kernel counts in. */
const TICKS_PER_SECOND = 100;

/** Reads the sum over the cores, which stands in the first line. */
export function readMachineCpu(files: KeptFiles): CpuSeconds | undefined {
  const [, counts] = /^cpu +([\d ]+)$/m.exec(files.read('/proc/stat') ?? '') ?? [];
  const [user, nice, system, idle, iowait, irq, softirq, steal] = (counts ?? '')
    .trim()
    .split(' ')
    .map(Number);
  if (user === undefined || nice === undefined || system === undefined || idle === undefined)
    return undefined;
  const ticks = { user, system, idle, interrupt: (irq ?? 0) + (softirq ?? 0), nice, iowait, steal };
  return Object.fromEntries(
    Object.entries(ticks).flatMap(([mode, count]) =>
      count === undefined ? [] : [[mode, count / TICKS_PER_SECOND]],
    ),
  );
}
