const KIB = 1024;
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
/** What there is nothing to say about. */
export const NOTHING = '–';

/** A time: `0.42 ms`, `12.3 ms`, `1.50 s`, `3 min`. */
export function asTime(seconds: number | null | undefined): string {
  if (seconds === undefined || seconds === null) return NOTHING;
  const ms = seconds * 1000;
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${ms.toFixed(ms < 100 ? 1 : 0)} ms`;
  if (seconds < 100) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  return asSpan(seconds);
}

/** A long time: `45 s`, `3 min`, `2 h 5 min`, `4 d 3 h`. */
export function asSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 100) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function asBytes(bytes: number | null | undefined): string {
  if (bytes === undefined || bytes === null) return NOTHING;
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= KIB && unit < BYTE_UNITS.length - 1) {
    value /= KIB;
    unit += 1;
  }
  return `${value.toFixed(unit === 0 || Math.abs(value) >= 100 ? 0 : 1)} ${BYTE_UNITS[unit]}`;
}

/** A share from 0 to 1. */
export function asShare(share: number | null | undefined): string {
  return share === undefined || share === null ? NOTHING : `${(100 * share).toFixed(1)} %`;
}

/** So many a second; the unit stands elsewhere. */
export function asRate(rate: number | null | undefined): string {
  if (rate === undefined || rate === null) return NOTHING;
  if (rate === 0) return '0';
  return rate < 10 ? rate.toFixed(2) : rate < 100 ? rate.toFixed(1) : asCount(rate);
}

/** A number without decimals, its thousands apart. */
export function asCount(count: number | null | undefined): string {
  if (count === undefined || count === null) return NOTHING;
  return Math.round(count)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, '\u202F');
}

/** Words that names are made of: `memory_governor` is `memory governor`. */
export function asWords(name: string): string {
  return name.replaceAll('_', ' ');
}
