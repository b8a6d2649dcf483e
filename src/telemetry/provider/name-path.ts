/** The names of attribute sets, in the one order their values are kept in. */
export interface NameSet {
  readonly number: number;
  readonly names: readonly string[];
}

/** Which set of names this is when they come in this order, and where each value belongs. */
export interface NameOrder {
  readonly set: NameSet;
  /** For each place of the set, the place it has here. `undefined` where they are the same. */
  readonly from: readonly number[] | undefined;
}

/** One step through the names of an object. What follows is one name nearly always. */
export class NamePath {
  order: NameOrder | undefined = undefined;
  /** Of the value this name had last: it often has it again. */
  number = 0;
  /** The name that came first behind this one, and its step. */
  name: string | undefined = undefined;
  following: NamePath | undefined = undefined;
  others: Map<string, NamePath> | undefined = undefined;

  next(name: string): NamePath | undefined {
    return name === this.name ? this.following : this.others?.get(name);
  }

  make(name: string): NamePath {
    const known = this.next(name);
    if (known !== undefined) return known;
    const made = new NamePath();
    if (this.following === undefined) [this.name, this.following] = [name, made];
    else (this.others ??= new Map()).set(name, made);
    return made;
  }
}
