import { define, type InstrumentDefinition } from './definition.js';

/** What the optimizer decides, why, and what came of it. */

export const OPTIMIZER_ACTIONS = [
  'memory_governor',
  'cleanup',
  'cache_budget',
  'cache_shares',
  'cache_advice',
  'ttl_advice',
  'cpu_advice',
  'load_shedding',
  'concurrency',
  'gc_advice',
] as const;

export const OPTIMIZER_OUTCOMES = ['applied', 'advised', 'held', 'rolled_back'] as const;

export const OPTIMIZER_REASONS = [
  'not_measured',
  'within_limits',
  'cooldown',
  'under_evaluation',
  'heap',
  'container',
  'machine',
  'stall',
  'gc',
  'room',
  'lean_caches',
  'at_minimum',
  'budget_first',
  'pays',
  'idle_memory',
  'balanced',
  'costs_more',
  'costs_less',
  'asked_more',
  'worth_more',
  'too_few_lookups',
  'full_and_missing',
  'rarely_asked_again',
  'ttl_never_reached',
  'cpu',
  'loop',
  'overload',
  'queue_stands',
  'steers_itself',
  'worse',
  'pressure',
  'failed',
] as const;

export const PRESSURE_SOURCES = ['heap', 'container', 'machine', 'stall', 'gc', 'cpu', 'loop'] as const;

export const VERDICTS = ['improved', 'worse', 'no_measurable_change', 'not_measured'] as const;

/** Sizes of `whatIf`, in memory of today. */
export const WHAT_IF_SIZES = ['quarter', 'half', 'same', 'double', 'fourfold'] as const;

export const optimizerDecisions = define({
  name: 'perf.optimizer.decisions',
  kind: 'counter',
  unit: '{decision}',
  description: 'Decisions of the optimizer, those to change nothing included.',
  attributes: {
    'perf.optimizer.action': OPTIMIZER_ACTIONS,
    'perf.optimizer.target': 'open',
    'perf.optimizer.outcome': OPTIMIZER_OUTCOMES,
    'perf.optimizer.reason': OPTIMIZER_REASONS,
  },
});

export const optimizerVerdicts = define({
  name: 'perf.optimizer.verdicts',
  kind: 'counter',
  unit: '{verdict}',
  description:
    'What changes of the optimizer turned out to do to the cost of misses, against the same traffic.',
  attributes: {
    'perf.optimizer.action': OPTIMIZER_ACTIONS,
    'perf.optimizer.target': 'open',
    'perf.optimizer.verdict': VERDICTS,
  },
});

export const optimizerEffect = define({
  name: 'perf.optimizer.effect',
  kind: 'gauge',
  unit: '1',
  description:
    'Relative change of the cost of misses by the last change, below 0 for less than it would have been.',
  attributes: {
    'perf.optimizer.action': OPTIMIZER_ACTIONS,
    'perf.optimizer.target': 'open',
    'perf.optimizer.effect.kind': ['predicted', 'measured'],
  },
});

export const optimizerSetting = define({
  name: 'perf.optimizer.setting',
  kind: 'gauge',
  unit: '{setting}',
  description:
    'What a target is set to: bytes of a budget, calls at the same time, the share of the work that is refused.',
  attributes: { 'perf.optimizer.action': OPTIMIZER_ACTIONS, 'perf.optimizer.target': 'open' },
});

export const optimizerPressure = define({
  name: 'perf.optimizer.pressure',
  kind: 'observableGauge',
  unit: '1',
  description: 'How close a resource is to its limit, from 0 to 1, as the optimizer saw it last.',
  attributes: { 'perf.optimizer.source': PRESSURE_SOURCES },
});

export const optimizerTickDuration = define({
  name: 'perf.optimizer.tick.duration',
  kind: 'histogram',
  unit: 's',
  description: 'How long a look of the optimizer at everything took, with what it changed.',
  attributes: {},
});

export const optimizerWhatIfHits = define({
  name: 'perf.optimizer.what_if.hits',
  kind: 'observableGauge',
  unit: '1',
  description: 'Hit ratio a cache would have had lately with other memory, by its curve.',
  attributes: { 'perf.cache.name': 'open', 'perf.optimizer.size': WHAT_IF_SIZES },
});

export const optimizerWhatIfCost = define({
  name: 'perf.optimizer.what_if.miss_cost',
  kind: 'observableGauge',
  unit: 's',
  description: 'Time of loading for each lookup a cache would have cost lately with other memory.',
  attributes: { 'perf.cache.name': 'open', 'perf.optimizer.size': WHAT_IF_SIZES },
});

export const optimizerCatalogue: readonly InstrumentDefinition[] = [
  optimizerDecisions,
  optimizerVerdicts,
  optimizerEffect,
  optimizerSetting,
  optimizerPressure,
  optimizerTickDuration,
  optimizerWhatIfHits,
  optimizerWhatIfCost,
];
