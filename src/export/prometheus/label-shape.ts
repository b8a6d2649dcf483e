import type { Attributes } from '@opentelemetry/api';
import type { ExtraLabels, LabelStyle } from './labels.js';

interface Source {
  readonly attribute: string;
  readonly type: string;
}

/**
 * Whether different attributes of a family surely have different labels. They have when each label stems from one
 * attribute and its values are of one type, which is nearly always so and quickly seen. If not, `1` and `'1'` or `a.b` and
 * `a_b` may meet on one line, and a single pair of equal lines makes Prometheus refuse the whole target.
 */
export class LabelShape {
  isAmbiguous = false;
  readonly #style: LabelStyle;
  readonly #isHistogram: boolean;
  readonly #sources = new Map<string, Source>();
  /** The type each attribute had so far. */
  readonly #types = new Map<string, string>();

  constructor(style: LabelStyle, isHistogram: boolean) {
    this.#style = style;
    this.#isHistogram = isHistogram;
  }

  add(attributes: Attributes): void {
    for (const attribute in attributes) {
      const value = attributes[attribute];
      const type = typeof value;
      // An empty label is none, and what cannot be written as UTF-8 is written as something else.
      if (type === 'string' ? value === '' || LONE_SURROGATE.test(value as string) : value == null) {
        this.isAmbiguous = true;
      }
      if (this.#types.get(attribute) !== type) this.#learn(attribute, type);
    }
  }

  /** Labels that are there besides the attributes; several metrics may have the same. */
  addNames(extra: ExtraLabels): void {
    for (const attribute in extra) if (!this.#types.has(attribute)) this.#learn(attribute, 'extra');
  }

  /** Whether a series of either may have the labels of one of the other's. */
  absorb(other: LabelShape): void {
    this.isAmbiguous ||= other.isAmbiguous;
    for (const [attribute, type] of other.#types) this.#learn(attribute, type);
  }

  #learn(attribute: string, type: string): void {
    const label = this.#style.name(attribute, this.#isHistogram);
    const known = this.#sources.get(label);
    if (known === undefined) this.#sources.set(label, { attribute, type });
    else if (known.attribute !== attribute || known.type !== type) this.isAmbiguous = true;
    if (!this.#types.has(attribute)) this.#types.set(attribute, type);
  }
}

const LONE_SURROGATE = /\p{Surrogate}/u;
