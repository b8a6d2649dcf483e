import { logEvent } from '../telemetry/event-log.js';
import type { DecisionListener, MadeDecision, MadeVerdict } from './decision.js';

/**
 * Writes decisions and verdicts as events into logs and onto the active span. To leave something alone is an event when
 * it was not what was decided last, for the same reason: the others are counted, and in the report.
 */
export function loggedDecisions(): DecisionListener {
  const last = new Map<string, string>();
  return {
    onDecision(decision) {
      const { action, target, outcome, reason } = decision;
      const about = `${action} ${target}`;
      const decided = `${outcome} ${reason}`;
      const isKnown = outcome === 'held' && last.get(about) === decided;
      last.set(about, decided);
      if (!isKnown) logEvent(decisionEvent(decision));
    },
    onVerdict: (verdict) => logEvent(verdictEvent(verdict)),
  };
}

function decisionEvent(decision: MadeDecision): Parameters<typeof logEvent>[0] {
  const { id, time, action, target, outcome, reason, explanation, recommendation, numbers } = decision;
  const figures = Object.entries(numbers).map(([name, value]) => [`perf.optimizer.number.${name}`, value]);
  return {
    name: 'perf.optimizer.decision',
    body: `${action} of ${target}: ${outcome}. ${explanation}`,
    time: time * 1000,
    severity: outcome === 'advised' || outcome === 'rolled_back' ? 'warn' : 'info',
    attributes: {
      'perf.optimizer.decision.id': id,
      'perf.optimizer.action': action,
      'perf.optimizer.target': target,
      'perf.optimizer.outcome': outcome,
      'perf.optimizer.reason': reason,
      ...(recommendation !== undefined && { 'perf.optimizer.recommendation': recommendation }),
      ...(Object.fromEntries(figures) as Record<string, number>),
    },
  };
}

function verdictEvent(verdict: MadeVerdict): Parameters<typeof logEvent>[0] {
  const { id, time, action, target, kind, explanation, improvementPercent, improvementInterval } = verdict;
  return {
    name: 'perf.optimizer.verdict',
    body: `${action} of ${target}: ${kind}. ${explanation}`,
    time: time * 1000,
    severity: kind === 'worse' ? 'warn' : 'info',
    attributes: {
      'perf.optimizer.decision.id': id,
      'perf.optimizer.action': action,
      'perf.optimizer.target': target,
      'perf.optimizer.verdict': kind,
      ...(improvementPercent !== undefined && { 'perf.optimizer.improvement_percent': improvementPercent }),
      ...(improvementInterval !== undefined && {
        'perf.optimizer.improvement_interval': [...improvementInterval],
      }),
    },
  };
}
