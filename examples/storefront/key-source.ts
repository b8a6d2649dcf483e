/** Where the generator takes the product ids from that it asks for. */
export interface KeySource {
  /** For people: what is asked for, and in which order. */
  readonly description: string;
  /** For people: how far it is. */
  readonly progress: string;
  next(): string;
}
