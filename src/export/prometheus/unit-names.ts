const UNITS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tibibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '%': 'percent',
  '1': '',
};

const PER: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
};

/** The two halves of a unit such as `By/s`, in words; empty where there is none. */
export interface UnitNames {
  /** `bytes` */
  readonly main: string;
  /** `per_second` */
  readonly per: string;
}

/** Units of UCUM in the words Prometheus uses. What is in braces is no unit, and unknown ones stay as they are. */
export function unitNames(unit: string): UnitNames {
  const slash = unit.indexOf('/');
  const main = wordFor(UNITS, slash === -1 ? unit : unit.slice(0, slash));
  const per = slash === -1 ? '' : wordFor(PER, unit.slice(slash + 1));
  return { main, per: per === '' ? '' : `per_${per}` };
}

function wordFor(words: Readonly<Record<string, string>>, given: string): string {
  const unit = given.trim();
  if (/[{}]/.test(unit)) return '';
  return Object.hasOwn(words, unit) ? words[unit]! : unit;
}
