import type { KeptAggregation } from '../aggregation.js';
import { BucketTally } from './bucket-tally.js';
import { ExponentialTally } from './exponential-tally.js';
import { LastValueTally } from './last-value-tally.js';
import { SumTally } from './sum-tally.js';
import type { Tally } from './tally.js';

export function makeTally(aggregation: KeptAggregation): Tally {
  switch (aggregation.kind) {
    case 'buckets':
      return new BucketTally(aggregation);
    case 'exponential':
      return new ExponentialTally(aggregation);
    case 'sum':
      return new SumTally();
    default:
      return new LastValueTally();
  }
}
