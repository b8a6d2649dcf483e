import { define, type InstrumentDefinition } from './definition.js';

/** Work that is refused because the process has more to do than it can. `perf.shedding.name`: which guard. */

export const SHEDDING_RESULTS = ['admitted', 'shed'] as const;

export const sheddingRequests = define({
  name: 'perf.shedding.requests',
  kind: 'counter',
  unit: '{request}',
  description: 'Requests a load shedder was asked about.',
  attributes: { 'perf.shedding.name': 'open', 'perf.shedding.result': SHEDDING_RESULTS },
});

export const sheddingShare = define({
  name: 'perf.shedding.share',
  kind: 'observableGauge',
  unit: '1',
  description: 'Share of the requests to refuse now, from 0 to less than 1, the least urgent first.',
  attributes: { 'perf.shedding.name': 'open' },
});

export const sheddingLag = define({
  name: 'perf.shedding.loop_lag',
  kind: 'observableGauge',
  unit: 's',
  description: 'Mean lag of the event loop in the last half second, by which load is shed.',
  attributes: { 'perf.shedding.name': 'open' },
});

export const sheddingCatalogue: readonly InstrumentDefinition[] = [
  sheddingRequests,
  sheddingShare,
  sheddingLag,
];
