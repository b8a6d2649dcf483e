/** Looks up results by case; everything that is asked for has to be there. */
export class Numbers {
  #results;

  constructor(results) {
    this.#results = results;
  }

  /** Rows of a run. */
  rows(run) {
    const rows = this.#results[run];
    if (rows === undefined) throw new Error(`docs/benchmarks.json has no results of ${run}`);
    return rows;
  }

  /** The row of a case; `where` narrows it, for runs with several rows of one name. */
  row(run, name, where = () => true) {
    const row = this.rows(run).find((one) => one.case === name && where(one));
    if (row === undefined) throw new Error(`docs/benchmarks.json has no "${name}" of ${run}`);
    return row;
  }

  ns(run, name) {
    return this.row(run, name).ns;
  }
}

const UNITS = [
  ['ns', 1],
  ['µs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
];

/** Two digits are what repeats from run to run. */
export function duration(ns) {
  const [unit, size] = UNITS.findLast(([, one]) => ns >= one) ?? UNITS[0];
  return `${digits(ns / size)} ${unit}`;
}

export function times(ratio) {
  return `${digits(ratio)} ×`;
}

export function digits(number) {
  const rounded = Number(number.toPrecision(2));
  return rounded >= 1000 ? rounded.toLocaleString('en') : String(rounded);
}
