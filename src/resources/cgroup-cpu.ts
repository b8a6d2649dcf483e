import type { CgroupHierarchy } from './cgroup-folders.js';
import { numberAt, wholeNumber } from './kernel-text.js';
import type { KeptFiles } from './kept-files.js';

/** CPU of the own cgroup, and how often the tightest quota held it up. Totals since the cgroup exists. */
export interface CgroupCpu {
  /** CPU time used by everything in the own cgroup. */
  readonly usedSeconds: number | undefined;
  /** The least quota in cores, such as 0.5; `undefined` for none. */
  readonly limitCores: number | undefined;
  /** Periods, usually of 0.1 s, in which something wanted to run, and those in which the quota ran out. */
  readonly periods: number | undefined;
  readonly throttledPeriods: number | undefined;
  readonly throttledSeconds: number | undefined;
}

export function cpuIn(
  files: KeptFiles,
  { version, levels }: CgroupHierarchy,
  account: CgroupHierarchy | undefined,
): CgroupCpu | undefined {
  const isFirst = version === 1;
  const [own] = levels;
  let limit = Infinity;
  let tightest = own;
  for (const level of levels) {
    const cores = isFirst ? firstQuota(files, level) : quotaIn(files.read(`${level}/cpu.max`));
    if (cores >= limit) continue;
    limit = cores;
    tightest = level;
  }
  const stat = files.read(`${tightest}/cpu.stat`);
  if (stat === undefined) return undefined;
  return {
    usedSeconds: isFirst
      ? scaled(account && wholeNumber(files.read(`${account.levels[0]}/cpuacct.usage`)), 1e-9)
      : scaled(numberAt(tightest === own ? stat : files.read(`${own}/cpu.stat`), 'usage_usec'), 1e-6),
    limitCores: limit === Infinity ? undefined : limit,
    periods: numberAt(stat, 'nr_periods'),
    throttledPeriods: numberAt(stat, 'nr_throttled'),
    throttledSeconds: isFirst
      ? scaled(numberAt(stat, 'throttled_time'), 1e-9)
      : scaled(numberAt(stat, 'throttled_usec'), 1e-6),
  };
}

/** `50000 100000`, or `max 100000` for none. */
function quotaIn(text: string | undefined): number {
  const [quota, period] = text?.split(' ') ?? [];
  return coresOf(wholeNumber(quota), wholeNumber(period));
}

function firstQuota(files: KeptFiles, level: string): number {
  const quota = wholeNumber(files.read(`${level}/cpu.cfs_quota_us`));
  return coresOf(quota, wholeNumber(files.read(`${level}/cpu.cfs_period_us`)));
}

function coresOf(quota: number | undefined, period: number | undefined): number {
  if (quota === undefined || period === undefined || quota <= 0 || period <= 0) return Infinity;
  return quota / period;
}

function scaled(number: number | undefined, unit: number): number | undefined {
  return number === undefined ? undefined : number * unit;
}
