import { bucketOf, BUCKETS, middleOf, positiveBucketOf } from './log-linear.js';

/** What was recorded in one stretch of time. */
export interface HistorySlot {
  /** Milliseconds of the monotonic clock. */
  readonly start: number;
  readonly end: number;
  readonly count: number;
  readonly errors: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly last: number;
  /** Bucket number and count in turns, buckets ascending. */
  readonly buckets: readonly number[];
}

/** As a {@link HistorySlot}, put together for a question about some stretch of time. */
export interface HistorySummary {
  readonly count: number;
  readonly errors: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly last: number;
  percentile(share: number): number;
}

/** What was recorded since the last slot was closed. How often, the buckets tell. */
class OpenSlot {
  sum = 0;
  min = Infinity;
  max = -Infinity;
  last = 0;
  errors = 0;
}

const FINE_SLOTS = 60;
const MEDIUM_SLOTS = 90;
const MEDIUM_MS = 10_000;
const COARSE_MS = 60_000;

/**
 * What was recorded under one name, by time. Recording touches plain fields of the open slot only; once a second the
 * slot is closed. Old slots are put together: the last minute stays in seconds, the quarter of an hour before it in
 * steps of ten seconds, the rest in minutes, at most `maxSlots` in all.
 */
export class History {
  readonly #maxSlots: number;
  readonly #positive = new Uint32Array(BUCKETS);
  #negative: Map<number, number> | undefined;
  readonly #slots: HistorySlot[] = [];
  #keptSince: number;
  #start: number;
  #open = new OpenSlot();
  #total = 0;

  constructor(maxSlots: number, now: number) {
    this.#maxSlots = maxSlots;
    this.#start = now;
    this.#keptSince = now;
  }

  /** Since when nothing is missing: the beginning, or the end of the last slot that was dropped. */
  get keptSince(): number {
    return this.#keptSince;
  }

  /** The value must be a finite number. */
  record(value: number): void {
    const open = this.#open;
    open.sum += value;
    if (value < open.min) open.min = value;
    if (value > open.max) open.max = value;
    open.last = value;
    if (value >= 0) this.#positive[positiveBucketOf(value)]! += 1;
    else this.#recordNegative(bucketOf(value));
  }

  recordError(value: number): void {
    this.#open.errors += 1;
    this.record(value);
  }

  /** Sum of everything ever recorded. */
  get total(): number {
    return this.#total + this.#open.sum;
  }

  /** The value recorded last, ever. */
  get last(): number | undefined {
    return this.#hasRecords ? this.#open.last : this.#slots.at(-1)?.last;
  }

  /** Whether the open slot has any. How many, its buckets tell. */
  get #hasRecords(): boolean {
    return this.#open.min < Infinity;
  }

  /** Closes the open slot. */
  rotate(now: number): void {
    if (this.#hasRecords) {
      this.#total += this.#open.sum;
      this.#slots.push(this.#openSlot(now));
      this.#clear();
      this.#compact(now);
    }
    this.#start = now;
  }

  /** Slots that reach into the time since `from`, the open one included. */
  since(from: number, now: number): HistorySlot[] {
    const slots = this.#slots.filter((slot) => slot.end > from);
    if (this.#hasRecords) slots.push(this.#openSlot(now));
    return slots;
  }

  #recordNegative(bucket: number): void {
    this.#negative ??= new Map();
    this.#negative.set(bucket, (this.#negative.get(bucket) ?? 0) + 1);
  }

  #openSlot(now: number): HistorySlot {
    const { sum, min, max, last, errors } = this.#open;
    const buckets: number[] = [];
    let count = 0;
    const take = (bucket: number, times: number) => {
      if (times > 0) buckets.push(bucket, times);
      count += times;
    };
    for (const [bucket, times] of [...(this.#negative ?? [])].toSorted((a, b) => a[0] - b[0]))
      take(bucket, times);
    const highest = Math.max(0, bucketOf(max));
    for (let bucket = Math.max(0, bucketOf(min)); bucket <= highest; bucket++)
      take(bucket, this.#positive[bucket]!);
    return { start: this.#start, end: now, count, errors, sum, min, max, last, buckets };
  }

  #clear(): void {
    this.#positive.fill(0, Math.max(0, bucketOf(this.#open.min)), Math.max(0, bucketOf(this.#open.max)) + 1);
    this.#negative?.clear();
    this.#open = new OpenSlot();
  }

  /** Puts one pair of old neighbours together wherever the fine or the medium stretch has grown too long. */
  #compact(now: number): void {
    const slots = this.#slots;
    mergeStep(slots, slots.length - FINE_SLOTS, MEDIUM_MS, now - FINE_SLOTS * 1000);
    const mediumStart = slots.length - FINE_SLOTS - MEDIUM_SLOTS;
    mergeStep(slots, mediumStart, COARSE_MS, now - FINE_SLOTS * 1000 - MEDIUM_SLOTS * MEDIUM_MS);
    while (slots.length > this.#maxSlots) this.#keptSince = slots.shift()!.end;
  }
}

/** Merges the slot before `index` into its elder neighbour when both fit into one step of `width`. */
function mergeStep(slots: HistorySlot[], index: number, width: number, olderThan: number): void {
  if (index < 2) return;
  const younger = slots[index - 1]!;
  const elder = slots[index - 2]!;
  if (younger.end <= olderThan && younger.end - elder.start <= width)
    slots.splice(index - 2, 2, merge([elder, younger]));
}

export function summarize(slots: readonly HistorySlot[]): HistorySummary | undefined {
  if (slots.length === 0) return undefined;
  const merged = merge(slots);
  return { ...merged, percentile: (share) => percentileOf(merged, share) };
}

function merge(slots: readonly HistorySlot[]): HistorySlot {
  const counts = new Map<number, number>();
  let [count, errors, sum, min, max] = [0, 0, 0, Infinity, -Infinity];
  for (const slot of slots) {
    count += slot.count;
    errors += slot.errors;
    sum += slot.sum;
    min = Math.min(min, slot.min);
    max = Math.max(max, slot.max);
    for (let i = 0; i < slot.buckets.length; i += 2) {
      const bucket = slot.buckets[i]!;
      counts.set(bucket, (counts.get(bucket) ?? 0) + slot.buckets[i + 1]!);
    }
  }
  const buckets = [...counts].toSorted((a, b) => a[0] - b[0]).flat();
  const first = slots[0]!;
  const { end, last } = slots.at(-1)!;
  return { start: first.start, end, count, errors, sum, min, max, last, buckets };
}

/** The nearest-rank percentile, at most 1.6 % off and never outside what was recorded. */
function percentileOf({ count, min, max, buckets }: HistorySlot, share: number): number {
  if (share <= 0) return min;
  // 0.07 * 100 is a little more than 7, which must not make it the eighth.
  const rank = Math.max(1, Math.ceil(share * count * (1 - 4 * Number.EPSILON)));
  if (rank >= count) return max;
  let seen = 0;
  for (let i = 0; i < buckets.length; i += 2) {
    seen += buckets[i + 1]!;
    if (seen >= rank) return Math.min(max, Math.max(min, middleOf(buckets[i]!)));
  }
  return max;
}
