import type { Attributes, Observable as ApiObservable, ObservableCallback } from '@opentelemetry/api';
import { noticeOnce } from '../notice.js';
import { attributesIdentity } from './attribute-identity.js';
import { keepAttributes } from './kept-attributes.js';
import type { InstrumentDescriptor } from './descriptor.js';
import { usableValue } from './measurement.js';

export interface Observation {
  readonly attributes: Attributes;
  readonly value: number;
}

/** Keeps who is asked for which instrument. */
export interface Callbacks {
  add(callback: ObservableCallback, observable: Observable): void;
  remove(callback: ObservableCallback, observable: Observable): void;
}

/** An instrument that is asked for its values: all three kinds of them. */
export class Observable implements ApiObservable {
  readonly descriptor: InstrumentDescriptor;
  /** Whether anybody wants to know: Views may drop all of it, and then nothing it says is looked at. */
  readonly isKept: boolean;
  readonly #callbacks: Callbacks;

  constructor(descriptor: InstrumentDescriptor, callbacks: Callbacks, isKept: boolean) {
    this.descriptor = descriptor;
    this.isKept = isKept;
    this.#callbacks = callbacks;
  }

  addCallback(callback: ObservableCallback): void {
    this.#callbacks.add(callback, this);
  }

  removeCallback(callback: ObservableCallback): void {
    this.#callbacks.remove(callback, this);
  }
}

type ByIdentity = Map<string, Observation>;

/** What callbacks said in one collection of one reader. Of equal attributes the last value counts. */
export class Observations {
  readonly #byObservable = new Map<Observable, ByIdentity>();

  of(observable: Observable): Iterable<[identity: string, observation: Observation]> {
    return this.#byObservable.get(observable) ?? [];
  }

  observe(observable: Observable, value: unknown, attributes: Attributes | null | undefined): void {
    if (!observable.isKept) return;
    const usable = usableValue(
      value,
      observable.descriptor,
      observable.descriptor.type !== 'OBSERVABLE_COUNTER',
    );
    if (usable === undefined) return;
    const [identity, kept] = readAttributes(observable, attributes);
    this.#of(observable).set(identity, { attributes: kept, value: usable });
  }

  absorb(later: Observations): void {
    for (const [observable, observed] of later.#byObservable) {
      const known = this.#of(observable);
      for (const [identity, observation] of observed) {
        // Last in the Map is what was said last, also where attributes get equal only later.
        known.delete(identity);
        known.set(identity, observation);
      }
    }
  }

  #of(observable: Observable): ByIdentity {
    let observed = this.#byObservable.get(observable);
    if (observed === undefined) this.#byObservable.set(observable, (observed = new Map()));
    return observed;
  }
}

/** What cannot be read counts as no attributes, as it does for what is recorded. */
function readAttributes(
  { descriptor: { name } }: Observable,
  attributes: Attributes | null | undefined,
): readonly [identity: string, kept: Attributes] {
  try {
    const kept = keepAttributes(attributes ?? {});
    return [attributesIdentity(kept), kept];
  } catch (error) {
    const message = `${name}: attributes could not be read (${String(error)}); observed without`;
    noticeOnce(`attributes ${name}`, message);
    const none = keepAttributes({});
    return [attributesIdentity(none), none];
  }
}
