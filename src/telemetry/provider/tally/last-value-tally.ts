import type { Tally } from './tally.js';

export class LastValueTally implements Tally {
  hasRecords = false;
  last = 0;

  record(value: number): void {
    this.last = value;
    this.hasRecords = true;
  }

  absorb(later: LastValueTally): void {
    this.last = later.last;
    this.hasRecords = true;
  }

  clear(): void {
    this.hasRecords = false;
  }

  value(): number {
    return this.last;
  }
}
