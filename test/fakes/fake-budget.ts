import type {
  CurveMark,
  MissCurve,
  SteerableBudget,
  SteeredCache,
} from '../../src/optimizer/budget/steerable-budget.js';

const MB = 1024 * 1024;

/** A budget whose caches are what the test says. Sizes in bytes. */
export class FakeBudget implements SteerableBudget {
  readonly name: string;
  readonly minBytes = 0;
  maxBytes: number;
  bytes: number;
  readonly shares: FakeCache[] = [];
  /** Every size it was set to. */
  readonly sizes: number[] = [];

  /** In megabytes; full. */
  constructor({ name = 'shared', mb = 40, used = mb }: { name?: string; mb?: number; used?: number } = {}) {
    this.name = name;
    this.maxBytes = mb * MB;
    this.bytes = used * MB;
  }

  setMaxBytes(bytes: number): number {
    this.sizes.push(bytes);
    this.maxBytes = bytes;
    this.bytes = Math.min(this.bytes, bytes);
    return bytes;
  }

  /** What it was set to, in whole megabytes. */
  get sizesInMb(): number[] {
    return this.sizes.map((bytes) => Math.round(bytes / MB));
  }
}

/** A cache whose traffic the test makes up. */
export class FakeCache implements SteeredCache {
  readonly name: string;
  isPinned = false;
  bytes = 10 * MB;
  entries = 1000;
  lookups = 0;
  misses = 0;
  missSeconds: number | undefined = 0.01;
  curve: FakeCurve | undefined;

  constructor(name: string, curve?: FakeCurve) {
    this.name = name;
    this.curve = curve;
  }

  /** So many lookups with so many misses; the curve expects `predicted` misses at every size. */
  serve(lookups: number, misses: number, predicted = misses): void {
    this.lookups += lookups;
    this.misses += misses;
    if (this.curve === undefined) return;
    this.curve.lookups += lookups;
    this.curve.missed += predicted;
  }
}

/** By default the same at every size; `hitRatio` makes it depend on it. */
export class FakeCurve implements MissCurve {
  readonly unit: 'bytes' | 'entries';
  sampledShare = 1;
  lookups = 0;
  missed = 0;
  /** Misses of each window by size, instead of what was told with the traffic. */
  predict: ((size: number) => number) | undefined;
  readonly #hitRatio: (size: number) => number;

  constructor(hitRatio: (size: number) => number = () => 0.5, unit: 'bytes' | 'entries' = 'bytes') {
    this.#hitRatio = hitRatio;
    this.unit = unit;
  }

  hitRatioAt(size: number): number {
    return this.#hitRatio(size);
  }

  mark(): CurveMark & { readonly missed: number } {
    return { lookups: this.lookups, missed: this.missed };
  }

  since(mark: CurveMark) {
    const { lookups, missed } = mark as CurveMark & { readonly missed: number };
    const predicted = this.missed - missed;
    const missesAt = this.predict ?? (() => predicted);
    // No miss is one that memory does not help against.
    return {
      lookups: this.lookups - lookups,
      missesAt: (size: number) => (size === Infinity ? 0 : missesAt(size)),
    };
  }
}
