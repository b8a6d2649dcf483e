// How much memory may the caches of a budget take?
//
// Signal. What the process really needs is the heap in use right after a major collection, its live set; in between, the
// heap in use grows by garbage and says nothing. It is held against the limit of the heap or of the container, whichever
// is less. Beside it: the working set of the container (buffers are in no heap), stalls for memory, and the time major
// collections take, which grows long before memory runs out.
//
// Decision. Above the high-water mark the caches give up what it takes to come 7 points below it, at most half of what
// they hold. They grow again by a tenth, only 17 points below the mark, when they are full and have been left alone for a
// while: shrinking must be fast, growing need not be, and in between nothing moves.
//
// Blind. After a change nothing is known until the next major collection, so it waits for one; more than 90 % of the limit
// in use is the exception, since then the heap may end before the collection. When the caches hold next to nothing, the
// memory is elsewhere: then taking more from them would only cost, and a leak is suspected.
//
// Undo. Growth that leads above the mark is taken back, and the next one waits twice as long.

import type { Proposal } from '../action.js';
import type { Reason } from '../decision.js';
import { asMb, asPercent } from '../figures.js';
import type { MemoryPressure } from './memory-readings.js';

/** The budget is set from one size to another. */
export interface BudgetChange {
  readonly target: string;
  readonly kind: 'shrink' | 'trim' | 'grow';
  readonly fromBytes: number;
  readonly toBytes: number;
}

export interface GovernorSignal {
  readonly target: string;
  /** In use by the budget's caches. */
  readonly bytes: number;
  readonly maxBytes: number;
  /** How small and how large it may become. */
  readonly minBytes: number;
  readonly wantedBytes: number;
  /** What all budgets hold together: each gives up its share. */
  readonly allBytes: number;
  readonly pressures: readonly MemoryPressure[];
  /** The heap in use, garbage included, when that is nearly all it may become. */
  readonly alarmBytes: number | undefined;
  readonly stallShare: number | undefined;
  /** Share of the last seconds that major collections took; `undefined` while too little time has been watched. */
  readonly gcShare: number | undefined;
  /** Whether a major collection has told the live set since the last change. */
  readonly isFresh: boolean;
  /** Share of the heap's limit its live set may take, 0 to 1. */
  readonly highWater: number;
}

/** Below the mark: where shrinking aims, and from where growing is allowed. */
const TARGET_BELOW = 0.07;
const LOW_BELOW = 0.17;
/** Working sets count garbage and files too, and end the process only at 100 %. */
const HIGH: Readonly<Record<'container' | 'machine', number>> = { container: 0.9, machine: 0.95 };
const MOST_SHRINK = 0.5;
const GROWTH = 0.1;
const TRIM = 0.1;
/** Of the limit: caches that hold less are not where the memory is. */
const LEAN = 0.05;
/** Of what it may take: a cache that holds less does not need more. */
const FULL = 0.95;
/** Of the limit of the heap: one this full may end before the next major collection tells its live set. */
export const ALARM = 0.9;
/** Of an alarming heap: the rest is garbage, by experience. */
const LIVE_IN_ALARM = 0.9;
const HIGH_GC_SHARE = 0.05;
/** With a live set below this share of the limit, collections are frequent for another reason than full caches. */
const GC_FROM_SHARE = 0.45;
const HIGH_STALL_SHARE = 0.1;

/** Pure. */
export function govern(signal: GovernorSignal): Proposal<BudgetChange> {
  const pressures = signal.pressures.map((known) => withAlarm(known, signal)).toSorted(byShare);
  if (pressures.length === 0) return hold(signal, 'not_measured', 'memory is not measured');
  const worst = pressures.find((known) => known.share > highOf(known, signal));
  if (worst !== undefined) return relieve(worst, signal);
  const strain = strainOf(signal, pressures);
  if (strain !== undefined) return trim(strain, signal);
  return grow(signal, pressures);
}

function byShare(a: MemoryPressure, b: MemoryPressure): number {
  return b.share - a.share;
}

/** The mark of a source. */
function highOf({ source }: MemoryPressure, { highWater }: GovernorSignal): number {
  return source === 'heap' ? highWater : HIGH[source];
}

function withAlarm(known: MemoryPressure, { alarmBytes }: GovernorSignal): MemoryPressure {
  if (known.source !== 'heap' || alarmBytes === undefined) return known;
  const usedBytes = Math.max(known.usedBytes, LIVE_IN_ALARM * alarmBytes);
  return { ...known, usedBytes, share: usedBytes / known.limitBytes };
}

function relieve(worst: MemoryPressure, signal: GovernorSignal): Proposal<BudgetChange> {
  const { bytes, minBytes, allBytes } = signal;
  const state = `${stateOf(worst)} is above ${asPercent(highOf(worst, signal))}`;
  if (!signal.isFresh) {
    return hold(
      signal,
      worst.source,
      `${state}, as of before the last change; the next major collection tells`,
    );
  }
  if (allBytes < LEAN * worst.limitBytes) {
    const explanation = `${state}, and the caches hold ${asMb(allBytes)} of it: the memory is elsewhere`;
    return { ...hold(signal, 'lean_caches', explanation), recommendation: LEAK_HINT };
  }
  if (bytes <= minBytes) return hold(signal, 'at_minimum', `${state}, and the budget is at its minimum`);
  const over = worst.usedBytes - (highOf(worst, signal) - TARGET_BELOW) * worst.limitBytes;
  const share = over * (bytes / allBytes);
  const toBytes = Math.round(Math.max(minBytes, (1 - MOST_SHRINK) * bytes, bytes - share));
  return change(signal, 'shrink', toBytes, worst.source, state);
}

const LEAK_HINT =
  'Look for a leak: compare two heap snapshots (node --heapsnapshot-signal=SIGUSR2), or count what there is too much of with v8.queryObjects';

/** Something that says "too full" before memory runs out. */
function strainOf(
  { gcShare = 0, stallShare = 0 }: GovernorSignal,
  pressures: readonly MemoryPressure[],
): { readonly reason: Reason; readonly state: string } | undefined {
  const heap = pressures.find(({ source }) => source === 'heap');
  if (gcShare > HIGH_GC_SHARE && heap !== undefined && heap.share > GC_FROM_SHARE) {
    return {
      reason: 'gc',
      state: `major collections take ${asPercent(gcShare)} of the time, ${stateOf(heap)}`,
    };
  }
  if (stallShare <= HIGH_STALL_SHARE) return undefined;
  return { reason: 'stall', state: `something waited for memory in ${asPercent(stallShare)} of the time` };
}

function trim(
  { reason, state }: { readonly reason: Reason; readonly state: string },
  signal: GovernorSignal,
): Proposal<BudgetChange> {
  const { bytes, minBytes, allBytes, pressures } = signal;
  const limit = Math.min(...pressures.map(({ limitBytes }) => limitBytes));
  if (allBytes < LEAN * limit)
    return hold(signal, 'lean_caches', `${state}, and the caches hold ${asMb(allBytes)}`);
  if (bytes <= minBytes) return hold(signal, 'at_minimum', `${state}, and the budget is at its minimum`);
  return change(signal, 'trim', Math.round(Math.max(minBytes, (1 - TRIM) * bytes)), reason, state);
}

function grow(signal: GovernorSignal, pressures: readonly MemoryPressure[]): Proposal<BudgetChange> {
  const { bytes, maxBytes, wantedBytes } = signal;
  const [worst] = pressures;
  const state = stateOf(worst!);
  if (maxBytes >= wantedBytes)
    return hold(signal, 'within_limits', `${state}; the budget has all it may take`);
  const isRoom = pressures.every((known) => known.share < highOf(known, signal) - LOW_BELOW);
  if (!isRoom) return hold(signal, 'within_limits', `${state}: between growing and shrinking`);
  if (bytes < FULL * maxBytes) {
    return hold(signal, 'within_limits', `${state}; the caches hold ${asMb(bytes)} and need no more`);
  }
  const toBytes = Math.round(Math.min(wantedBytes, (1 + GROWTH) * maxBytes));
  return change(signal, 'grow', toBytes, 'room', `${state} leaves room, and the caches are full`);
}

function change(
  signal: GovernorSignal,
  kind: BudgetChange['kind'],
  toBytes: number,
  reason: Reason,
  state: string,
): Proposal<BudgetChange> {
  const { target, bytes, maxBytes } = signal;
  return {
    target,
    reason,
    explanation: `${state}: from ${asMb(maxBytes)} (${asMb(bytes)} in use) to ${asMb(toBytes)}`,
    numbers: { ...numbersOf(signal), toBytes },
    change: { target, kind, fromBytes: maxBytes, toBytes },
    isUrgent: kind === 'shrink',
  };
}

function hold(signal: GovernorSignal, reason: Reason, explanation: string): Proposal<BudgetChange> {
  return { target: signal.target, reason, explanation, numbers: numbersOf(signal) };
}

function stateOf({ source, share, limitBytes }: MemoryPressure): string {
  const what = { heap: 'the live heap', container: 'the container', machine: 'the machine' }[source];
  return `${what} at ${asPercent(share)} of ${asMb(limitBytes)}`;
}

function numbersOf({ bytes, maxBytes, pressures, gcShare, stallShare }: GovernorSignal) {
  return {
    bytes,
    maxBytes,
    ...Object.fromEntries(pressures.map(({ source, share }) => [`${source}Share`, share])),
    ...(gcShare !== undefined && { gcShare }),
    ...(stallShare !== undefined && { stallShare }),
  };
}
