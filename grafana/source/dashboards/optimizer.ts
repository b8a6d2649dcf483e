import {
  cacheBudgetLimit,
  cacheBudgetUsage,
  optimizerDecisions,
  optimizerEffect,
  optimizerPressure,
  optimizerSetting,
  optimizerTickDuration,
  optimizerVerdicts,
  optimizerWhatIfCost,
  optimizerWhatIfHits,
  sheddingLag,
  sheddingRequests,
  sheddingShare,
} from '../../../src/telemetry/catalogue.js';
import type { Dashboard } from '../dashboard.js';
import { bars, graph, stat } from '../panels.js';
import { seriesOf } from '../queries.js';
import { DECISIONS, q, ratioOrZero, RESTARTS, TARGET_VARIABLES, valuesOf } from './shared.js';

const ACTION = { 'perf.optimizer.action': '=~$action' };
/** Actions that set bytes. */
const OF_SIZES = 'memory_governor|cache_budget|cache_shares';
const SIZES = { 'perf.optimizer.action': `=~${OF_SIZES}` };
const NO_SIZES = { 'perf.optimizer.action': `!~${OF_SIZES}` };
const ofOutcome = (outcome: string) => ({ ...ACTION, 'perf.optimizer.outcome': outcome });

export const optimizer: Dashboard = {
  uid: 'gzp-optimizer',
  title: 'Performance / Optimizer',
  description: 'What the optimizer saw, decided and changed, and what came of it.',
  variables: [
    ...TARGET_VARIABLES,
    valuesOf('action', 'Action', seriesOf(optimizerDecisions), 'perf_optimizer_action'),
  ],
  annotations: [RESTARTS, DECISIONS],
  rows: [
    {
      title: 'In the chosen time',
      panels: [
        stat({
          title: 'Changes',
          description: 'Settings the optimizer changed by itself.',
          unit: 'short',
          decimals: 0,
          queries: [
            {
              expr: `sum (${q.growth(optimizerDecisions, ofOutcome('applied'), '$__range')}) or vector(0)`,
            },
          ],
          min: 0,
        }),
        stat({
          title: 'Taken back',
          description: 'Changes that made things worse, measured against the same traffic, and were undone.',
          unit: 'short',
          decimals: 0,
          queries: [
            {
              expr: `sum (${q.growth(optimizerDecisions, ofOutcome('rolled_back'), '$__range')}) or vector(0)`,
            },
          ],
          steps: [
            ['green', 0],
            ['orange', 1],
          ],
          min: 0,
        }),
        stat({
          title: 'Advice',
          description:
            'Decisions that were told and not done: the mode of the action is `advise`, or only you can do it.',
          unit: 'short',
          decimals: 0,
          queries: [
            {
              expr: `sum (${q.growth(optimizerDecisions, ofOutcome('advised'), '$__range')}) or vector(0)`,
            },
          ],
          min: 0,
        }),
        stat({
          title: 'Found better',
          description:
            'Changes that were shown to lower the cost of misses, with an interval that leaves no change out.',
          unit: 'short',
          decimals: 0,
          queries: [
            {
              expr: `sum (${q.growth(optimizerVerdicts, { ...ACTION, 'perf.optimizer.verdict': 'improved' }, '$__range')}) or vector(0)`,
            },
          ],
          min: 0,
        }),
        stat({
          title: 'Highest pressure',
          description: 'The resource that is nearest to its limit.',
          unit: 'percentunit',
          queries: [{ expr: q.maxBy(optimizerPressure) }],
          steps: [
            ['green', 0],
            ['orange', 0.72],
            ['red', 0.9],
          ],
          min: 0,
          max: 1,
        }),
        stat({
          title: 'Cost of looking',
          description: 'Time the optimizer takes, as a share of all time.',
          unit: 'percentunit',
          decimals: 3,
          queries: [{ expr: `max (${q.rate(optimizerTickDuration, {}, 'sum')})` }],
          min: 0,
        }),
      ],
    },
    {
      title: 'Decisions',
      panels: [
        graph({
          title: 'Changes and advice',
          description:
            'Decisions to do something, each with its reason. Purple marks in other panels are the changes.',
          unit: 'short',
          queries: [
            {
              expr: `sum by (perf_optimizer_action, perf_optimizer_outcome, perf_optimizer_reason) (${q.growth(optimizerDecisions, ofOutcome('!=held'))})`,
              legend: '{{perf_optimizer_action}} {{perf_optimizer_outcome}}: {{perf_optimizer_reason}}',
            },
          ],
          min: 0,
        }),
        bars({
          title: 'Why nothing was done',
          description: 'Decisions to hold, by reason.',
          unit: 'short',
          decimals: 0,
          queries: [
            {
              expr: `sum by (perf_optimizer_action, perf_optimizer_reason) (increase(${q.select(
                optimizerDecisions,
                ofOutcome('held'),
              )}[$__range]))`,
              legend: '{{perf_optimizer_action}}: {{perf_optimizer_reason}}',
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Sizes it has set',
          description: 'Bytes of budgets. They fall under pressure, and rise where more memory pays.',
          unit: 'bytes',
          width: 8,
          queries: [
            {
              expr: `max by (perf_optimizer_action, perf_optimizer_target, instance) (${q.select(optimizerSetting, SIZES)})`,
              legend: '{{perf_optimizer_action}} of {{perf_optimizer_target}} ({{instance}})',
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Limits it has seen',
          description: 'Calls at the same time, and the share of work that is refused.',
          unit: 'short',
          width: 8,
          queries: [
            {
              expr: `max by (perf_optimizer_action, perf_optimizer_target, instance) (${q.select(optimizerSetting, NO_SIZES)})`,
              legend: '{{perf_optimizer_action}} of {{perf_optimizer_target}} ({{instance}})',
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Effects',
          description:
            'Change of the cost of misses by the last change: below 0 is a saving. "predicted" by the curve, "measured" afterwards.',
          unit: 'percentunit',
          width: 8,
          queries: [
            {
              expr: q.maxBy(
                optimizerEffect,
                ['perf.optimizer.action', 'perf.optimizer.target', 'perf.optimizer.effect.kind'],
                ACTION,
              ),
              legend:
                '{{perf_optimizer_action}} of {{perf_optimizer_target}}, {{perf_optimizer_effect_kind}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'What it sees',
      panels: [
        graph({
          title: 'Pressure',
          description: 'How close each resource is to its limit.',
          unit: 'percentunit',
          queries: [
            {
              expr: q.maxBy(optimizerPressure, ['perf.optimizer.source']),
              legend: '{{perf_optimizer_source}}',
            },
          ],
          steps: [
            ['green', 0],
            ['red', 0.72],
          ],
          min: 0,
          max: 1,
        }),
        graph({
          title: 'Shared budgets of caches',
          description: 'Bytes of each cache below the limit of its budget.',
          unit: 'bytes',
          queries: [
            {
              expr: q.sumBy(cacheBudgetUsage, ['perf.cache.budget.name', 'perf.cache.name']),
              legend: '{{perf_cache_budget_name}}: {{perf_cache_name}}',
            },
            {
              expr: q.sumBy(cacheBudgetLimit, ['perf.cache.budget.name']),
              legend: '{{perf_cache_budget_name}}: limit',
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Hits with other memory',
          description: 'What each cache would hit with a quarter to four times of its memory.',
          unit: 'percentunit',
          queries: [
            {
              expr: `avg by (perf_cache_name, perf_optimizer_size) (${q.select(optimizerWhatIfHits)})`,
              legend: '{{perf_cache_name}} {{perf_optimizer_size}}',
            },
          ],
          min: 0,
          max: 1,
        }),
        graph({
          title: 'Cost of misses with other memory',
          description: 'Loading for each lookup with a quarter to four times of the memory.',
          unit: 's',
          queries: [
            {
              expr: `avg by (perf_cache_name, perf_optimizer_size) (${q.select(optimizerWhatIfCost)})`,
              legend: '{{perf_cache_name}} {{perf_optimizer_size}}',
            },
          ],
          min: 0,
        }),
      ],
    },
    {
      title: 'Shedding of load',
      panels: [
        graph({
          title: 'Refused requests',
          description:
            'Share of the requests that were refused to keep the others fast. Above 0 for long: add capacity.',
          unit: 'percentunit',
          width: 8,
          queries: [
            {
              expr: ratioOrZero(
                q.rateBy(sheddingRequests, ['perf.shedding.name'], { 'perf.shedding.result': 'shed' }),
                q.rateBy(sheddingRequests, ['perf.shedding.name']),
              ),
              legend: '{{perf_shedding_name}}',
            },
          ],
          min: 0,
        }),
        graph({
          title: 'Share to refuse',
          description: 'What the shedder holds to be needed at the moment.',
          unit: 'percentunit',
          width: 8,
          queries: [
            { expr: q.maxBy(sheddingShare, ['perf.shedding.name']), legend: '{{perf_shedding_name}}' },
          ],
          min: 0,
          max: 1,
        }),
        graph({
          title: 'Lag it goes by',
          description: 'Mean lag of the event loop in the last half second.',
          unit: 's',
          width: 8,
          queries: [{ expr: q.maxBy(sheddingLag, ['perf.shedding.name']), legend: '{{perf_shedding_name}}' }],
          min: 0,
        }),
      ],
    },
  ],
};
