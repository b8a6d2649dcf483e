import { define, type InstrumentDefinition } from './definition.js';

/** Time limits, retries and circuit breakers. */

export const timeouts = define({
  name: 'perf.timeouts',
  kind: 'counter',
  unit: '{call}',
  description: 'Calls that were given up because their time was over.',
  attributes: { 'perf.timeout.name': 'open' },
});

export const retryAttempts = define({
  name: 'perf.retry.attempts',
  kind: 'counter',
  unit: '{attempt}',
  description:
    'Attempts of calls that may be retried: all of them by the first ones is the load amplification.',
  attributes: { 'perf.retry.name': 'open', 'perf.retry.attempt': ['first', 'again'] },
});

export const retries = define({
  name: 'perf.retries',
  kind: 'counter',
  unit: '{call}',
  description: 'Calls whose first attempt failed, by how they ended.',
  attributes: {
    'perf.retry.name': 'open',
    'perf.retry.outcome': [
      'recovered',
      'exhausted',
      'not_retryable',
      'out_of_budget',
      'out_of_time',
      'aborted',
    ],
  },
});

export const retryBudget = define({
  name: 'perf.retry.budget',
  kind: 'observableGauge',
  unit: '{retry}',
  description: 'Retries the budget allows at the moment.',
  attributes: { 'perf.retry.name': 'open' },
});

export const breakerState = define({
  name: 'perf.breaker.state',
  kind: 'observableGauge',
  unit: '1',
  description: 'State of a circuit breaker, 1 for the one it is in and 0 for the others.',
  attributes: { 'perf.breaker.name': 'open', 'perf.breaker.state': ['closed', 'open', 'half_open'] },
});

export const breakerCalls = define({
  name: 'perf.breaker.calls',
  kind: 'counter',
  unit: '{call}',
  description: 'Calls through a circuit breaker: those that were refused did not reach the other side.',
  attributes: {
    'perf.breaker.name': 'open',
    'perf.breaker.outcome': ['succeeded', 'failed', 'undecided', 'refused'],
  },
});

export const asyncCatalogue: readonly InstrumentDefinition[] = [
  timeouts,
  retryAttempts,
  retries,
  retryBudget,
  breakerState,
  breakerCalls,
];
