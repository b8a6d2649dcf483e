import type { AlertingRule, RuleFile } from '../../src/export/rules/rule-file.js';
import type { AlertText } from './alerts/alert.js';
import { asyncAlerts } from './alerts/async-alerts.js';
import { cacheAlerts } from './alerts/cache-alerts.js';
import { processAlerts } from './alerts/process-alerts.js';
import { telemetryAlerts } from './alerts/telemetry-alerts.js';

export { recordingRules } from './alerts/cache-alerts.js';

const ALERTS: readonly AlertText[] = [...processAlerts, ...cacheAlerts, ...asyncAlerts, ...telemetryAlerts];

const PREFIX = 'Performance';
/** Where there is a page for each alert, named as the alert. */
export const RUNBOOKS = 'https://github.com/gary-zero/performance/blob/main/docs/runbooks';

/** Names of all alerts; each has a page in docs/runbooks. */
export const alertNames: readonly string[] = ALERTS.map(({ name }) => PREFIX + name);

export const alertingRules: RuleFile = {
  groups: [{ name: 'performance-alerts', rules: ALERTS.map(toRule) }],
};

function toRule({
  name,
  expr,
  for: pending,
  severity,
  summary,
  description,
  dashboard,
}: AlertText): AlertingRule {
  return {
    alert: PREFIX + name,
    expr,
    for: pending,
    labels: { severity },
    annotations: {
      summary,
      description,
      runbook_url: `${RUNBOOKS}/${PREFIX}${name}.md`,
      dashboard_url: `/d/${dashboard}?var-job={{ $labels.job }}`,
    },
  };
}
