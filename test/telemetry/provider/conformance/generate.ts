import type { Attributes } from '@opentelemetry/api';
import { AggregationType, type AggregationOption } from '@opentelemetry/sdk-metrics';
import { randomFrom } from '../../../fakes/random.js';
import {
  INSTRUMENT_TYPES,
  type InstrumentSpec,
  type InstrumentType,
  type MeterSpec,
  type Observation,
  type Program,
  type ReaderSpec,
  type Step,
  type ViewSpec,
} from './program.js';

const NAMES = ['shop.orders', 'shop.carts', 'shop.latency', 'queue.length'];
const PATTERNS = [...NAMES, ...NAMES, '*', 'shop.*', '*.length'];
const RENAMED = ['renamed', 'shop.other', 'shop.carts'];
const UNITS = ['', 's', 'By'];
const SCHEMA = 'https://example.test/1';

/** The same program for the same seed. Numbers are small multiples of 1/64, so that sums are exact in any order. */
export function generateProgram(seed: number): Program {
  const dice = new Dice(seed);
  const meters = dice.some(1, 2, (i): MeterSpec => ({ name: `meter-${i}`, ...dice.maybe(0.3, scopeOf) }));
  const instruments = dice.some(1, 5, () => instrumentBy(dice, meters.length));
  const readers = dice.some(1, 3, () => readerBy(dice));
  const views = dice.chance(0.5) ? [] : dice.some(1, 3, () => viewBy(dice));
  const steps = dice.some(8, 60, () => stepBy(dice, instruments, readers.length));
  const last = readers.map((_, reader): Step => ({ do: 'collect', reader }));
  return { meters, readers, views, instruments, steps: [...steps, ...last] };
}

function scopeOf(): Omit<MeterSpec, 'name'> {
  return { version: '1.2.3', schemaUrl: SCHEMA };
}

function instrumentBy(dice: Dice, meters: number): InstrumentSpec {
  const name = dice.one(NAMES);
  return {
    meter: dice.below(meters),
    type: dice.one(INSTRUMENT_TYPES),
    name: dice.chance(0.02) ? name.toUpperCase() : name,
    unit: dice.one(UNITS),
    description: dice.chance(0.3) ? 'A longer description.' : 'What it is.',
    isInteger: dice.chance(0.15),
    isBatch: dice.chance(0.3),
    ...dice.maybe(0.4, () => ({ boundaries: dice.one([[1, 2, 4, 8], [], [100, 1]]) })),
  };
}

function readerBy(dice: Dice): ReaderSpec {
  const delta = dice.one([
    [],
    INSTRUMENT_TYPES,
    INSTRUMENT_TYPES.filter((type) => !type.includes('UP_DOWN')),
    INSTRUMENT_TYPES.filter(() => dice.chance(0.5)),
  ]);
  const asked = INSTRUMENT_TYPES.filter(() => dice.chance(0.15));
  return {
    delta,
    aggregations: Object.fromEntries(asked.map((type) => [type, aggregationBy(dice)])),
    ...dice.maybe(0.05, () => ({ cardinalityLimit: 3 + dice.below(5) })),
  };
}

function viewBy(dice: Dice): ViewSpec {
  const instrumentName = dice.one(dice.chance(0.05) ? ['shop.?arts', '*o*e*'] : PATTERNS);
  const isRenamed = !/[*?]/.test(instrumentName) && dice.chance(0.5);
  return {
    instrumentName,
    ...dice.maybe(0.2, () => ({ instrumentType: dice.one(INSTRUMENT_TYPES) })),
    ...dice.maybe(0.1, () => ({ instrumentUnit: dice.one(UNITS) })),
    ...dice.maybe(0.1, () => ({ meterName: 'meter-0' })),
    ...dice.maybe(0.1, () => ({ meterVersion: '1.2.3' })),
    ...dice.maybe(0.05, () => ({ meterSchemaUrl: SCHEMA })),
    ...(isRenamed ? { name: dice.one(RENAMED) } : {}),
    ...dice.maybe(0.2, () => ({ description: 'By the View.' })),
    ...dice.maybe(0.5, () => ({ aggregation: aggregationBy(dice) })),
    ...dice.maybe(0.3, () => ({ keptNames: ['a', 'kind'] })),
    ...dice.maybe(0.2, () => ({ deniedNames: ['kind', 'id'] })),
    ...dice.maybe(0.1, () => ({ aggregationCardinalityLimit: 3 + dice.below(5) })),
  };
}

function aggregationBy(dice: Dice): AggregationOption {
  const recordMinMax = dice.chance(0.7);
  return dice.one<() => AggregationOption>([
    () => ({ type: AggregationType.DEFAULT }),
    () => ({ type: AggregationType.DROP }),
    () => ({ type: AggregationType.SUM }),
    () => ({ type: AggregationType.LAST_VALUE }),
    () => ({ type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM }),
    () => ({
      type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
      options: { recordMinMax, boundaries: dice.one([[0, 1, 16], [Infinity, 8, 2], []]) },
    }),
    () => ({ type: AggregationType.EXPONENTIAL_HISTOGRAM }),
    () => ({
      type: AggregationType.EXPONENTIAL_HISTOGRAM,
      options: { recordMinMax, maxSize: 4 + dice.below(20) },
    }),
  ])();
}

function stepBy(dice: Dice, instruments: readonly InstrumentSpec[], readers: number): Step {
  if (dice.chance(0.15)) return { do: 'collect', reader: dice.below(readers) };
  const instrument = dice.below(instruments.length);
  const { type } = instruments[instrument]!;
  if (type.startsWith('OBSERVABLE')) {
    if (dice.chance(0.1)) return { do: 'observe', instrument, observations: undefined };
    const observations = dice.some(0, 4, (): Observation => [valueBy(dice, type), attributesBy(dice)]);
    return { do: 'observe', instrument, observations };
  }
  const isOursOnly = dice.chance(0.05);
  const odd = dice.one([Number.NaN, Infinity, -Infinity]);
  return {
    do: 'record',
    instrument,
    value: isOursOnly ? odd : valueBy(dice, type),
    attributes: dice.chance(0.03) ? null : attributesBy(dice),
    isOursOnly,
    isSpoilt: dice.chance(0.2),
  };
}

function valueBy(dice: Dice, type: InstrumentType): number {
  if (dice.chance(0.05)) return 0;
  const size = dice.one([10, 1000, 100_000]);
  const value = dice.below(size) / 64;
  const mayFall = type.includes('UP_DOWN') || type.endsWith('GAUGE');
  // Counters and histograms refuse what is negative; what is observed of a counter is never negative.
  const isNegative = mayFall ? dice.chance(0.4) : !type.startsWith('OBSERVABLE') && dice.chance(0.05);
  return isNegative ? -value : value;
}

function attributesBy(dice: Dice): Attributes {
  const given: [string, Attributes[string]][] = [];
  if (dice.chance(0.6)) given.push(['a', dice.one(['x', 'y', '1', 1, true, 'true'])]);
  if (dice.chance(0.5)) given.push(['kind', dice.one(['read', 'write', ''])]);
  if (dice.chance(0.4)) given.push(['id', dice.below(6)]);
  if (dice.chance(0.05)) given.push(['list', dice.one([['p', 'q'], ['p'], [1, 2]])]);
  if (dice.chance(0.03)) given.push(['gone', undefined]);
  return Object.fromEntries(dice.chance(0.5) ? given : given.toReversed());
}

class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  one<One>(list: readonly One[]): One {
    return list[this.below(list.length)]!;
  }

  some<One>(least: number, most: number, make: (position: number) => One): One[] {
    return Array.from({ length: least + this.below(most - least + 1) }, (_, position) => make(position));
  }

  maybe<Part extends object>(share: number, make: () => Part): Part | object {
    return this.chance(share) ? make() : {};
  }
}
