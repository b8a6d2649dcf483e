const MB = 1024 * 1024;

/** A share from 0 to 1 for people. */
export function asPercent(share: number | undefined): string {
  return share === undefined ? 'unknown' : `${(100 * share).toFixed(1)} %`;
}

export function asMb(bytes: number): string {
  const mb = bytes / MB;
  return `${mb < 10 ? mb.toFixed(1) : mb.toFixed(0)} MB`;
}

/** A short time for people. */
export function asMs(seconds: number): string {
  const ms = 1000 * seconds;
  return `${Math.abs(ms) < 1 ? ms.toPrecision(2) : ms.toFixed(1)} ms`;
}
