import type { KeptFiles } from './kept-files.js';

export const PRESSURE_RESOURCES = ['cpu', 'memory', 'io'] as const;
export type PressureResource = (typeof PRESSURE_RESOURCES)[number];

/** Lost work: how long tasks waited for a resource they needed (pressure stall information of the kernel). */
export interface Stall {
  /** Share of the last ten seconds, 0 to 1. */
  readonly share: number;
  /** Since the cgroup or the machine exists. */
  readonly seconds: number;
}

export interface PressureReading {
  /** Whose tasks: those of the own cgroup where the kernel tells, else those of the machine. */
  readonly scope: 'cgroup' | 'machine';
  /** At least one task waited. */
  readonly some: Stall;
  /** All tasks that had work waited at the same time. Older kernels do not tell it of the CPU. */
  readonly full: Stall | undefined;
}

export type Pressures = Readonly<Partial<Record<PressureResource, PressureReading>>>;

export function readPressures(files: KeptFiles, cgroup: string | undefined): Pressures {
  const readings: Partial<Record<PressureResource, PressureReading>> = {};
  for (const resource of PRESSURE_RESOURCES) {
    const own = cgroup === undefined ? undefined : files.read(`${cgroup}/${resource}.pressure`);
    const text = own ?? files.read(`/proc/pressure/${resource}`);
    const some = stallIn(text, 'some');
    if (some === undefined) continue;
    const scope = own === undefined ? 'machine' : 'cgroup';
    readings[resource] = { scope, some, full: stallIn(text, 'full') };
  }
  return readings;
}

/** Lines such as `some avg10=1.50 avg60=0.16 avg300=3.95 total=3125871969`: percent, and microseconds. */
const LINES = {
  some: /^some avg10=([\d.]+) .*total=(\d+)/m,
  full: /^full avg10=([\d.]+) .*total=(\d+)/m,
} as const;

function stallIn(text: string | undefined, kind: keyof typeof LINES): Stall | undefined {
  const [, percent, total] = LINES[kind].exec(text ?? '') ?? [];
  if (percent === undefined || total === undefined) return undefined;
  return { share: Number(percent) / 100, seconds: Number(total) / 1e6 };
}
