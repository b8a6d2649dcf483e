import type { Cancel } from '../../clock.js';
import { InvalidOptionError } from '../../errors.js';
import type { OptimizerAction, Proposal } from '../action.js';
import type { ActionMode } from '../decision.js';
import { asMs, asPercent } from '../figures.js';

/** What refuses work that is too much, and steers how much itself: a `LoadShedder` is one. */
export interface SteeredShedder {
  readonly name: string;
  /** Share of the work to refuse now, 0 to 1. */
  readonly share: number;
  /** Mean lag of the event loop, in seconds. */
  readonly lag: number;
  /** `false`: it only tells what it would refuse. */
  setRefusing(isRefusing: boolean): void;
  /** Called when there is something to refuse, and when there is nothing any more. */
  onTurn(listener: () => void): Cancel;
}

export interface ShedSignal {
  readonly target: string;
  readonly share: number;
  readonly lag: number;
  /** Whether it was refusing work at the last look. */
  readonly wasShedding: boolean;
  /** Whether it refuses what it says. */
  readonly isRefusing: boolean;
}

/** The share that is refused from now on. */
export interface ShedChange {
  readonly target: string;
  readonly share: number;
}

/**
 * Tells when work is refused and when no longer. Registered shedders decide that themselves, twice a second; in `advise`
 * they only tell what they would refuse.
 */
export class ShedAction implements OptimizerAction<ShedSignal, ShedChange> {
  readonly name = 'load_shedding';
  readonly resource = 'cpu';
  readonly waitsForVerdict = false;
  readonly mode: ActionMode;
  readonly #shedders = new Set<SteeredShedder>();
  readonly #shedding = new Set<string>();

  constructor(mode: ActionMode) {
    this.mode = mode;
  }

  /** @throws {InvalidOptionError} */
  add(shedder: SteeredShedder, onTurn: () => void): Cancel {
    const { name, setRefusing, onTurn: listen } = (shedder ?? {}) as Partial<SteeredShedder>;
    if (typeof name !== 'string' || typeof setRefusing !== 'function' || typeof listen !== 'function')
      throw new InvalidOptionError('shedder', 'a LoadShedder', shedder);
    if (this.mode === 'off') return () => {};
    this.#shedders.add(shedder);
    shedder.setRefusing(this.mode === 'auto');
    const stopListening = shedder.onTurn(onTurn);
    return () => {
      stopListening();
      this.#shedders.delete(shedder);
      shedder.setRefusing(true);
    };
  }

  observe(): readonly ShedSignal[] {
    return [...this.#shedders].map(({ name, share, lag }) => ({
      target: name,
      share,
      lag,
      wasShedding: this.#shedding.has(name),
      isRefusing: this.mode === 'auto',
    }));
  }

  propose(signal: ShedSignal): Proposal<ShedChange> {
    return proposeShedding(signal);
  }

  /** The shedder has done it: what is left is to know that it has been said. */
  apply({ target, share }: ShedChange): void {
    if (share > 0) this.#shedding.add(target);
    else this.#shedding.delete(target);
  }

  settingOf({ share }: ShedChange): number {
    return share;
  }
}

/** Pure. */
export function proposeShedding(signal: ShedSignal): Proposal<ShedChange> {
  const { target, share, lag, wasShedding, isRefusing } = signal;
  const setting = isRefusing ? share : 0;
  const rest = { target, numbers: { share, lagSeconds: lag }, setting };
  if (share === 0) {
    const explanation = `the event loop is ${asMs(lag)} late in the mean: nothing has to be refused`;
    if (!wasShedding) return { ...rest, reason: 'within_limits', explanation };
    return { ...rest, reason: 'room', explanation, change: { target, share }, isUrgent: true };
  }
  const explanation =
    `the event loop is ${asMs(lag)} late in the mean and never idle: ${asPercent(share)} of the work ` +
    `${isRefusing ? 'is' : 'would be'} refused, the least urgent first`;
  const proposal = { ...rest, reason: 'overload', explanation } as const;
  if (wasShedding) return proposal;
  return {
    ...proposal,
    change: { target, share },
    isUrgent: true,
    ...(!isRefusing && { recommendation: `Let "${target}" refuse work, or add CPU: ${explanation}` }),
  };
}
