import type { KeptAggregation } from '../aggregation.js';
import { BucketTallies } from './bucket-tallies.js';
import { ExponentialTallies } from './exponential-tallies.js';
import { LastValueTallies } from './last-value-tallies.js';
import { SumTallies } from './sum-tallies.js';
import type { Tallies } from './tallies.js';

export function makeTallies(aggregation: KeptAggregation): Tallies {
  switch (aggregation.kind) {
    case 'buckets':
      return new BucketTallies(aggregation);
    case 'exponential':
      return new ExponentialTallies(aggregation);
    case 'sum':
      return new SumTallies();
    default:
      return new LastValueTallies();
  }
}
