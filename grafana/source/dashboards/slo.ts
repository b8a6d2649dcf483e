import type { Dashboard } from '../dashboard.js';
import { graph, stat } from '../panels.js';

/** Series of `sloRules`; their job is the label `by` names, see docs/slo.md. */
const SLO = 'slo=~"$slo",job=~"$job"';
const WINDOWS = ['5m', '30m', '1h', '6h', '1d', '3d'] as const;

export const slo: Dashboard = {
  uid: 'gzp-slo',
  title: 'Performance / Objectives',
  description:
    'How much of the error budgets is left and how fast they burn. Needs rules made by sloRules().',
  variables: [
    { name: 'job', label: 'Job', query: 'label_values(slo:errors:ratio_rate5m, job)' },
    { name: 'slo', label: 'Objective', query: 'label_values(slo:errors:ratio_rate5m{job=~"$job"}, slo)' },
  ],
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Objective',
          description: 'Share of what happens that is to go well.',
          unit: 'percentunit',
          width: 6,
          decimals: 2,
          queries: [{ expr: 'slo:objective:ratio{slo=~"$slo"}', legend: '{{slo}}' }],
        }),
        stat({
          title: 'Budget left',
          description:
            'Of the errors that 30 days allow. Below 0 it is overspent: reliability first, features later.',
          unit: 'percentunit',
          width: 6,
          decimals: 1,
          queries: [{ expr: `slo:error_budget:remaining{${SLO}}`, legend: '{{slo}} {{job}}' }],
          steps: [
            ['red', -1000],
            ['orange', 0],
            ['green', 0.25],
          ],
        }),
        stat({
          title: 'Errors in the last hour',
          description: 'Share of what went wrong.',
          unit: 'percentunit',
          width: 6,
          decimals: 3,
          queries: [{ expr: `slo:errors:ratio_rate1h{${SLO}}`, legend: '{{slo}} {{job}}' }],
          min: 0,
        }),
        stat({
          title: 'Burn rate, 1 hour',
          description:
            '1 spends the budget in 30 days. Above 14.4 for an hour, 2 % of it are gone and somebody is called.',
          unit: 'short',
          width: 6,
          decimals: 2,
          queries: [
            {
              expr: `slo:errors:ratio_rate1h{${SLO}} / on (slo) group_left () (1 - slo:objective:ratio{slo=~"$slo"})`,
              legend: '{{slo}} {{job}}',
            },
          ],
          steps: [
            ['green', 0],
            ['orange', 1],
            ['red', 14.4],
          ],
          min: 0,
        }),
      ],
    },
    {
      title: 'Course',
      panels: [
        graph({
          title: 'Budget left',
          description: 'What is left of the errors that 30 days allow.',
          unit: 'percentunit',
          queries: [{ expr: `slo:error_budget:remaining{${SLO}}`, legend: '{{slo}} {{job}}' }],
        }),
        graph({
          title: 'Burn rates',
          description:
            'How many times faster than allowed the budget is spent, over windows of different length.',
          unit: 'short',
          queries: WINDOWS.map((window) => ({
            expr: `slo:errors:ratio_rate${window}{${SLO}} / on (slo) group_left () (1 - slo:objective:ratio{slo=~"$slo"})`,
            legend: `{{slo}} {{job}} ${window}`,
          })),
          min: 0,
        }),
        graph({
          title: 'Errors',
          description: 'Share of what went wrong in the last 5 minutes and in the last hour.',
          unit: 'percentunit',
          width: 24,
          queries: ['5m', '1h'].map((window) => ({
            expr: `slo:errors:ratio_rate${window}{${SLO}}`,
            legend: `{{slo}} {{job}} ${window}`,
          })),
          min: 0,
        }),
      ],
    },
  ],
};
