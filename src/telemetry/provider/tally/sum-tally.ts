import type { Tally } from './tally.js';

export class SumTally implements Tally {
  hasRecords = false;
  sum = 0;

  record(value: number): void {
    this.sum += value;
    this.hasRecords = true;
  }

  absorb(later: SumTally): void {
    this.sum += later.sum;
    this.hasRecords = true;
  }

  clear(): void {
    this.sum = 0;
    this.hasRecords = false;
  }

  value(): number {
    return this.sum;
  }
}
