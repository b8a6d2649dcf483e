import type { Evaluation, Look, OptimizerAction, Proposal } from './action.js';
import { Cooldown } from './cooldown.js';
import type { DecisionLog } from './decision-log.js';
import type { ActionMode, ActionName, Decision, MadeDecision, Numbers } from './decision.js';
import { CHANGED_AGAIN, notMeasured } from './verdict.js';

/** A change that was made and has no verdict yet. */
interface Trial<Change> {
  readonly id: string;
  readonly target: string;
  readonly change: Change;
}

/** Of the time between two passes: a window that ends with the next one, however exactly that comes. */
const ALMOST = 0.9;

export interface RunOptions {
  /** Decisions that change nothing are not recorded: for looks that are taken all the time. */
  readonly isQuiet?: boolean;
}

/** An action that is taken through its steps, of whatever kind its signals and changes are. */
export interface Runner {
  readonly action: { readonly name: ActionName; readonly mode: ActionMode };
  run(look: Look, log: DecisionLog, options?: RunOptions): Promise<MadeDecision[]>;
}

/** Takes an action through observe, propose, apply, evaluate and rollback, with cooldowns, and records each decision. */
export class ActionRunner<Signal, Change> implements Runner {
  readonly action: OptimizerAction<Signal, Change>;
  readonly #cooldowns = new Map<string, Cooldown>();
  readonly #trials = new Map<string, Trial<Change>>();

  constructor(action: OptimizerAction<Signal, Change>) {
    this.action = action;
  }

  async run(look: Look, log: DecisionLog, { isQuiet = false }: RunOptions = {}): Promise<MadeDecision[]> {
    if (this.action.mode === 'off') return [];
    const made = [...this.#trials.values()].flatMap((trial) => this.#judge(trial, look, log));
    for (const signal of this.action.observe(look)) {
      const decided = await this.#decide(this.action.propose(signal), look, log, isQuiet);
      if (decided !== undefined) made.push(decided);
    }
    return made;
  }

  #judge(trial: Trial<Change>, look: Look, log: DecisionLog): MadeDecision[] {
    const evaluation = this.action.evaluate?.(trial.change, look);
    if (evaluation === undefined) return [];
    this.#trials.delete(trial.target);
    log.judge(this.#about(trial), evaluation.verdict);
    const cooldown = this.#cooldownOf(trial.target);
    if (evaluation.rollBack === undefined) {
      cooldown.shorten();
      return [];
    }
    const setting = this.action.rollback?.(trial.change, look);
    if (typeof setting === 'number') log.set(this.action.name, trial.target, setting);
    cooldown.lengthen(look.now, this.#windowMs(look));
    return [this.#recordRollback(trial.target, evaluation.rollBack, log)];
  }

  #recordRollback(
    target: string,
    { reason, explanation }: NonNullable<Evaluation['rollBack']>,
    log: DecisionLog,
  ): MadeDecision {
    const { name, resource } = this.action;
    const outcome = 'rolled_back';
    return log.record({ action: name, resource, target, outcome, reason, explanation, numbers: {} });
  }

  async #decide(
    proposal: Proposal<Change>,
    look: Look,
    log: DecisionLog,
    isQuiet: boolean,
  ): Promise<MadeDecision | undefined> {
    const { change, target, setting } = proposal;
    if (setting !== undefined) log.set(this.action.name, target, setting);
    const isDry = this.action.mode !== 'auto' || this.action.apply === undefined;
    if (change === undefined || isDry) {
      if (isQuiet) return undefined;
      const isAdvice = change !== undefined || proposal.recommendation !== undefined;
      return log.record(this.#decision(proposal, isAdvice ? 'advised' : 'held'));
    }
    const waiting = this.#waiting(proposal, look);
    if (waiting === undefined) return this.#apply(proposal, change, look, log);
    return isQuiet ? undefined : log.record(this.#decision(waiting, 'held'));
  }

  /** Why the change has to wait, if it has to. */
  #waiting(proposal: Proposal<Change>, look: Look): Proposal<Change> | undefined {
    const cooldown = this.#cooldownOf(proposal.target);
    if (proposal.isUrgent !== true && !cooldown.isOver(look.now)) {
      const left = cooldown.secondsLeft(look.now).toFixed(0);
      return {
        ...proposal,
        reason: 'cooldown',
        explanation: `${proposal.explanation}; it waits ${left} s more`,
      };
    }
    const isWaiting = this.action.waitsForVerdict !== false && this.#trials.has(proposal.target);
    if (!isWaiting) return undefined;
    return {
      ...proposal,
      reason: 'under_evaluation',
      explanation: `${proposal.explanation}; the change before is still being measured`,
    };
  }

  async #apply(
    proposal: Proposal<Change>,
    change: Change,
    look: Look,
    log: DecisionLog,
  ): Promise<MadeDecision> {
    const { target } = proposal;
    this.#endTrial(target, log);
    this.#cooldownOf(target).start(look.now, this.#windowMs(look));
    let outcome: void | Numbers;
    try {
      // Awaited only where there is something to wait for: what is urgent happens in this turn.
      const applied = this.action.apply!(change, look);
      outcome = applied instanceof Promise ? await applied : applied;
    } catch (error) {
      const explanation = `${proposal.explanation}; the change failed: ${String(error)}`;
      return log.record(this.#decision({ ...proposal, reason: 'failed', explanation }, 'held'));
    }
    const numbers = outcome === undefined ? proposal.numbers : { ...proposal.numbers, ...outcome };
    const made = log.record(this.#decision({ ...proposal, numbers }, 'applied'));
    const setting = this.action.settingOf?.(change);
    if (setting !== undefined) log.set(this.action.name, target, setting);
    if (proposal.predictedEffect !== undefined)
      log.predict(this.action.name, target, proposal.predictedEffect);
    if (this.action.evaluate !== undefined) this.#trials.set(target, { id: made.id, target, change });
    return made;
  }

  /** A change on top of one that was not judged yet: nobody can tell them apart afterwards. */
  #endTrial(target: string, log: DecisionLog): void {
    const trial = this.#trials.get(target);
    if (trial === undefined) return;
    this.#trials.delete(target);
    const verdict = this.action.conclude?.(trial.change) ?? notMeasured(CHANGED_AGAIN);
    log.judge(this.#about(trial), verdict);
  }

  #about({ id, target }: Trial<Change>) {
    return { id, target, action: this.action.name, resource: this.action.resource };
  }

  #decision(proposal: Proposal<Change>, outcome: Decision['outcome']): Decision {
    const { target, reason, explanation, numbers, recommendation } = proposal;
    const { name, resource } = this.action;
    return {
      action: name,
      resource,
      target,
      outcome,
      reason,
      explanation,
      numbers,
      ...(recommendation !== undefined && { recommendation }),
    };
  }

  #cooldownOf(target: string): Cooldown {
    let cooldown = this.#cooldowns.get(target);
    if (cooldown === undefined) this.#cooldowns.set(target, (cooldown = new Cooldown()));
    return cooldown;
  }

  #windowMs({ intervalSeconds }: Look): number {
    return 1000 * (this.action.windowSeconds ?? ALMOST * intervalSeconds);
  }
}
