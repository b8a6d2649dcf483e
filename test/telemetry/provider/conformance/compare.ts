import type { CollectionResult } from '@opentelemetry/sdk-metrics';
import { FakeClock } from '../../../fakes/fake-clock.js';
import { EXCEPTIONS, type Exception, type Occasion, type Treatment } from './exceptions.js';
import { Facts } from './facts.js';
import { pointsOf, type CollectedPoint } from './points.js';
import type { Program } from './program.js';
import { runOnOurs, runOnStock } from './run-program.js';

/** Where the clock of a program begins. */
const START = new FakeClock().wallNow() / 1000;

export interface Comparison {
  /** Points of the SDK that ours had to have as well. */
  readonly points: number;
  /** How often each exception applied, by its name. */
  readonly excepted: ReadonlyMap<string, number>;
  /** One sentence each. */
  readonly differences: readonly string[];
}

/** Runs a program on both providers and compares whatever was collected. */
export async function compare(
  program: Program,
  exceptions: readonly Exception[] = EXCEPTIONS,
): Promise<Comparison> {
  const [stock, ours] = [await runOnStock(program), await runOnOurs(program)];
  const facts = new Facts(program);
  const excepted = new Map<string, number>();
  const differences = [...timesThatAreWrong(facts, ours)];
  let points = 0;
  for (const [collection, expected] of stock.entries()) {
    const found = ours[collection]!;
    const fold = (result: CollectionResult) => linesOf(result, { facts, collection }, exceptions, excepted);
    const [expectedLines, foundLines] = [fold(expected), fold(found)];
    points += expectedLines.length;
    const where = `collection ${collection} of reader ${facts.readerPositionOf(collection)}`;
    differences.push(
      ...missing(expectedLines, foundLines).map((line) => `${where}: only the SDK has ${line}`),
      ...missing(foundLines, expectedLines).map((line) => `${where}: only ours has ${line}`),
    );
    const [expectedOther, foundOther] = [otherThanPoints(expected), otherThanPoints(found)];
    if (expectedOther !== foundOther) differences.push(`${where}: ${foundOther}, expected ${expectedOther}`);
  }
  return { points, excepted, differences };
}

/** One text for each point, or for what several add up to; sorted. */
function linesOf(
  result: CollectionResult,
  occasion: Occasion,
  exceptions: readonly Exception[],
  excepted: Map<string, number>,
): string[] {
  const lines: string[] = [];
  const totals = new Map<string, number>();
  for (const point of pointsOf(result)) {
    const exception = exceptions.find(({ applies }) => applies(point, occasion));
    if (exception !== undefined) excepted.set(exception.name, (excepted.get(exception.name) ?? 0) + 1);
    if (exception?.treatment === 'skip') continue;
    if (exception?.treatment === 'compare totals')
      totals.set(point.metric, (totals.get(point.metric) ?? 0) + amountOf(point));
    else lines.push(lineOf(point, exception?.treatment));
  }
  for (const [metric, total] of totals) lines.push(`${metric} in total ${total}`);
  return lines.toSorted();
}

function lineOf({ metric, attributes, value }: CollectedPoint, treatment: Treatment | undefined): string {
  const { positive: _, negative: __, scale: ___, ...others } = value as Record<string, unknown>;
  const compared = typeof value === 'number' ? value : treatment === undefined ? value : others;
  return `${metric} ${attributes} ${JSON.stringify(compared, sortedKeys)}`;
}

/** Gauges add up to nothing; there is none where there is no point. */
function amountOf({ value, isSum }: CollectedPoint): number {
  if (typeof value !== 'number') return (value as { count: number }).count;
  return isSum ? value : 0;
}

function sortedKeys(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function otherThanPoints({ resourceMetrics, errors }: CollectionResult): string {
  return JSON.stringify([resourceMetrics.resource.attributes, errors.map(String).toSorted()]);
}

function missing(from: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return from.filter((line) => {
    const at = left.indexOf(line);
    if (at === -1) return true;
    left.splice(at, 1);
    return false;
  });
}

/** Ours only, as its clock is the program's: one second a step. */
function* timesThatAreWrong(facts: Facts, ours: readonly CollectionResult[]): Generator<string> {
  const lastEnds = new Map<number, number>();
  const starts = new Map<string, number>();
  for (const [collection, result] of ours.entries()) {
    const reader = facts.readerPositionOf(collection);
    const lastEnd = lastEnds.get(reader);
    const now = START + facts.stepOf(collection) + 1;
    for (const point of pointsOf(result)) {
      const { metric, attributes, type, isDelta, start, end } = point;
      const series = `collection ${collection}: reader ${reader} ${metric} ${attributes}`;
      // Two Views may make two series that look the same.
      const isOne = new Set(facts.namesakesOf(point).map(({ view }) => view)).size === 1;
      const isKept = isOne && !isDelta && !type.startsWith('OBSERVABLE');
      const key = `${reader} ${metric} ${attributes}`;
      const firstStart = starts.get(key) ?? start;
      if (end !== now) yield `${series} ends at ${end}, but it was collected at ${now}`;
      if (start > end) yield `${series} ends before it starts`;
      if (isDelta && start !== (lastEnd ?? start))
        yield `${series} starts at ${start}, but the last one ended at ${lastEnd}`;
      if (isKept && start !== firstStart) yield `${series} starts at ${start}, but at ${firstStart} before`;
      starts.set(key, start);
    }
    lastEnds.set(reader, now);
  }
}
