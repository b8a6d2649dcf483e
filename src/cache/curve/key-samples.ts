import { KeySample, type KeySampleOptions } from './key-sample.js';

/** After so many lookups for each key it may follow, a sample knows as much as it ever will. */
const LOOKUPS_UNTIL_SUCCESSION = 16;

/** The sample that counts, and while it follows too few keys another one that will take over when it knows as much. */
export class KeySamples {
  readonly #options: KeySampleOptions;
  #sample: KeySample;
  #successor: KeySample | undefined;
  #lookupsUntilSuccession = 0;
  #threshold: number;

  constructor(options: KeySampleOptions) {
    this.#options = options;
    this.#sample = new KeySample(options);
    this.#threshold = this.#sample.threshold;
  }

  /** Whatever has a larger hash is followed by no sample. */
  get threshold(): number {
    return this.#threshold;
  }

  /** How many keys one that is followed stands for. */
  get weight(): number {
    return this.#sample.weight;
  }

  /** Keys that are followed. */
  get length(): number {
    return this.#sample.stack.length;
  }

  get byteLength(): number {
    return this.#sample.stack.byteLength + (this.#successor?.stack.byteLength ?? 0);
  }

  get hasSuccessor(): boolean {
    return this.#successor !== undefined;
  }

  /** Whether the key is one of those that count, followed already or not. */
  counts(hash: number): boolean {
    return hash <= this.#sample.threshold;
  }

  /** When the entry of a followed key ends; `undefined` if it is not followed. */
  endOf(hash: number): number | undefined {
    const { stack } = this.#sample;
    const slot = stack.find(hash);
    return slot === 0 ? undefined : stack.endAt(slot);
  }

  write(hash: number, size: number, end: number): void {
    this.#sample.write(hash, size, end);
    this.#successor?.write(hash, size, end);
    this.#adjust();
  }

  /** A use of a key that counts. Returns whether it is followed. */
  count(hash: number): boolean {
    return this.#sample.count(hash);
  }

  /** A use that is not counted. */
  use(hash: number): void {
    this.#sample.use(hash);
  }

  /** Shows a use to the successor, if there is one. */
  prepare(hash: number): void {
    const successor = this.#successor;
    if (successor === undefined) return;
    successor.use(hash);
    this.#lookupsUntilSuccession -= 1;
    // What has not come for so long is as good as beyond the horizon.
    if (this.#lookupsUntilSuccession === 0) this.#succeed(successor);
  }

  remove(hash: number): void {
    this.#sample.remove(hash);
    this.#successor?.remove(hash);
  }

  clear(): void {
    this.#sample.stack.clear();
    this.#successor?.stack.clear();
  }

  /** Tells the listener of all uses that were counted. */
  tell(): void {
    this.#sample.stack.tell();
  }

  /** After a write, which is when samples change what they follow. */
  #adjust(): void {
    if (this.#successor?.reachesHorizon === true) this.#succeed(this.#successor);
    else if (this.#sample.isSparse && this.#successor === undefined) {
      this.#successor = new KeySample(this.#options);
      this.#lookupsUntilSuccession = LOOKUPS_UNTIL_SUCCESSION * this.#options.capacity;
    }
    this.#threshold = Math.max(this.#sample.threshold, this.#successor?.threshold ?? -Infinity);
  }

  #succeed(successor: KeySample): void {
    this.#sample.stack.tell();
    this.#sample = successor;
    this.#successor = undefined;
    this.#threshold = successor.threshold;
  }
}
