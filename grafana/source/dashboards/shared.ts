import * as catalogue from '../../../src/telemetry/catalogue.js';
import type { Annotation, Variable } from '../dashboard.js';
import { Queries, seriesOf } from '../queries.js';

/** The matchers every selector of a dashboard has. */
const TARGET = ['job=~"$job"', 'instance=~"$instance"'];

/** Queries of one job and its instances, as chosen above the dashboard. */
export const q = new Queries({ matchers: TARGET, window: '$__rate_interval' });

/** Every process of this package has this series. */
const UPTIME = seriesOf(catalogue.processUptime);

const JOB: Variable = { name: 'job', label: 'Job', query: `label_values(${UPTIME}, job)` };
const INSTANCE: Variable = {
  name: 'instance',
  label: 'Instance',
  query: `label_values(${UPTIME}{job=~"$job"}, instance)`,
};
export const TARGET_VARIABLES: readonly Variable[] = [JOB, INSTANCE];

/** A variable with the values of a label. */
export function valuesOf(name: string, label: string, series: string, of: string): Variable {
  return { name, label, query: `label_values(${series}{${TARGET.join(',')}}, ${of})` };
}

export const RESTARTS: Annotation = {
  name: 'Starts',
  expr: `${q.select(catalogue.processUptime)} < 60`,
  title: 'Started',
  text: '{{instance}} of {{job}}',
  color: 'blue',
};

export const DECISIONS: Annotation = {
  name: 'Decisions',
  expr: `sum by (perf_optimizer_action, perf_optimizer_target, perf_optimizer_outcome, perf_optimizer_reason) (${q.growth(
    catalogue.optimizerDecisions,
    { 'perf.optimizer.outcome': '=~applied|rolled_back' },
  )}) > 0`,
  title: '{{perf_optimizer_action}} {{perf_optimizer_outcome}}',
  text: '{{perf_optimizer_target}}: {{perf_optimizer_reason}}',
  color: 'purple',
};

/** Share of one sum of rates in another; nothing where nothing happened. */
export function ratio(part: string, whole: string): string {
  return `${part}\n/\n${whole}`;
}

/** 0 where the part never happened, as its series begins with the first time. */
export function ratioOrZero(part: string, whole: string): string {
  return `(${part} or ${whole} * 0)\n/\n${whole}`;
}
