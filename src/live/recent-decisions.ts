import type { DecisionListener, MadeDecision, MadeVerdict } from '../optimizer/decision.js';
import type { LiveDecision } from './live-report.js';

const MOST_DECISIONS = 20;
const MOST_HELD = 50;

/**
 * The decisions somebody wants to see. Nearly all are to leave something alone: of these the last one about each thing is
 * kept, so that they do not push out the few that changed something.
 */
export class RecentDecisions implements DecisionListener {
  readonly #changing: LiveDecision[] = [];
  readonly #held = new Map<string, LiveDecision>();

  /** To change or to advise something, the newest first. */
  get changing(): readonly LiveDecision[] {
    return this.#changing;
  }

  /** The newest first. */
  get held(): readonly LiveDecision[] {
    return [...this.#held.values()].toReversed();
  }

  onDecision(decision: MadeDecision): void {
    const about = `${decision.action}\n${decision.target}`;
    if (decision.outcome === 'held') {
      const times = timesAfter(this.#held.get(about), decision);
      // Anew, so that the oldest is the first to go.
      this.#held.delete(about);
      this.#held.set(about, shown(decision, times));
      if (this.#held.size > MOST_HELD) this.#held.delete(this.#held.keys().next().value!);
      return;
    }
    this.#held.delete(about);
    // Advice is repeated at each look until somebody takes it: that is one line, which stays where it is.
    const first = this.#changing.findIndex((known) => isSameAdvice(known, decision));
    const known = this.#changing[first];
    if (known !== undefined) {
      const { id, time, times } = known;
      this.#changing[first] = { ...shown(decision, times + 1), id, time };
      return;
    }
    this.#changing.unshift(shown(decision, 1));
    this.#changing.length = Math.min(this.#changing.length, MOST_DECISIONS);
  }

  onVerdict({ id, time, kind, explanation, improvementPercent, improvementInterval }: MadeVerdict): void {
    const index = this.#changing.findIndex((decision) => decision.id === id);
    const decision = this.#changing[index];
    if (decision === undefined) return;
    const verdict = {
      time,
      kind,
      explanation,
      ...(improvementPercent !== undefined && { improvementPercent }),
      ...(improvementInterval !== undefined && { improvementInterval }),
    };
    this.#changing[index] = { ...decision, verdict };
  }
}

function isSameAdvice(known: LiveDecision, { action, target, outcome, reason }: MadeDecision): boolean {
  return (
    outcome === 'advised' &&
    known.outcome === outcome &&
    known.action === action &&
    known.target === target &&
    known.reason === reason
  );
}

function timesAfter(last: LiveDecision | undefined, { outcome, reason }: MadeDecision): number {
  return last?.outcome === outcome && last.reason === reason ? last.times + 1 : 1;
}

function shown(decision: MadeDecision, times: number): LiveDecision {
  const { id, time, action, target, outcome, reason, explanation, recommendation } = decision;
  return {
    id,
    time,
    action,
    target,
    outcome,
    reason,
    explanation,
    ...(recommendation !== undefined && { recommendation }),
    times,
  };
}
