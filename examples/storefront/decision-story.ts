import type { Decision, DecisionListener, MadeDecision, MadeVerdict, Verdict } from '@gary-zero/performance';

/** A decision to do or to advise something, with what came of it. */
export interface ToldDecision extends Decision {
  /** Seconds since the start. */
  readonly at: number;
  /** What it turned out to do, once that is measured, and when. */
  readonly verdict?: Verdict & { readonly at: number };
}

const KEPT = 500;

/** What the optimizer did and advised, in order; to leave something alone, and to repeat advice, is left out. */
export class DecisionStory implements DecisionListener {
  readonly #start = performance.now();
  readonly #told = new Map<string, ToldDecision>();
  readonly #advised = new Map<string, string>();

  get told(): readonly ToldDecision[] {
    return [...this.#told.values()];
  }

  readonly onDecision = ({ id, time: _time, ...decision }: MadeDecision): void => {
    const { action, target, outcome, reason } = decision;
    const about = `${action} ${target}`;
    const isRepeated = outcome === 'advised' && this.#advised.get(about) === reason;
    if (outcome === 'advised') this.#advised.set(about, reason);
    if (outcome === 'held' || isRepeated || this.#told.size === KEPT) return;
    this.#told.set(id, { at: this.#seconds, ...decision });
  };

  readonly onVerdict = ({ id, kind, explanation, ...measured }: MadeVerdict): void => {
    const told = this.#told.get(id);
    if (told === undefined) return;
    const { improvementPercent, improvementInterval, freedBytes, freedShare } = measured;
    const verdict = {
      at: this.#seconds,
      kind,
      explanation,
      ...(improvementPercent !== undefined && { improvementPercent }),
      ...(improvementInterval !== undefined && { improvementInterval }),
      ...(freedBytes !== undefined && { freedBytes }),
      ...(freedShare !== undefined && { freedShare }),
    };
    this.#told.set(id, { ...told, verdict });
  };

  get #seconds(): number {
    return Math.round((performance.now() - this.#start) / 100) / 10;
  }
}
