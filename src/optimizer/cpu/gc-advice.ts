/** What the garbage collector does, and what there is room for. */
export interface GcObservation {
  /** Share of the time collections stop JavaScript, 0 to 1. */
  readonly gcShare: number;
  /** Of that, the share of minor collections. */
  readonly minorShare: number;
  /** One half of the space where new objects are made. */
  readonly semiSpaceBytes: number;
  readonly residentBytes: number;
  /** What the process may use: of its container, else of the machine. */
  readonly memoryLimitBytes: number;
}

export interface GcAdvice {
  /** For the environment variable `NODE_OPTIONS`. */
  readonly flag: string;
  readonly reason: string;
}

const MB = 1024 * 1024;
const MIN_GC_SHARE = 0.1;
const MIN_MINOR_SHARE = 0.5;
/**
 * Requests per second of CPU, parsing JSON on Node 20: 14,850 with 8 MiB, 21,400 with 16, 25,220 with 32, 24,680 with 64.
 * Beyond that there is nothing to gain.
 */
const MAX_SEMI_SPACE_MB = 64;
/** The space for new objects is three halves; RSS grew by about twice the step in the same measurement. */
const ROOM_PER_BYTE = 3;

/**
 * Whether new objects should get more room. A larger space is collected less often, and by then more of it is garbage,
 * which costs nothing. Advice only: V8 takes the flag when it starts, later changes have no effect.
 */
export function gcAdvice(observation: GcObservation): GcAdvice | undefined {
  const { gcShare, minorShare, semiSpaceBytes, residentBytes, memoryLimitBytes } = observation;
  if (gcShare <= MIN_GC_SHARE || minorShare < MIN_MINOR_SHARE) return undefined;
  const now = Math.round(semiSpaceBytes / MB);
  const wanted = 2 * now;
  const room = memoryLimitBytes - residentBytes;
  if (now < 1 || wanted > MAX_SEMI_SPACE_MB || room < ROOM_PER_BYTE * (wanted - now) * MB) return undefined;
  return {
    flag: `--max-semi-space-size=${wanted}`,
    reason:
      `collections take ${percent(gcShare)} of the time, ${percent(minorShare)} of that to clear away new objects; ` +
      `a semi-space of ${wanted} MiB instead of ${now} takes up to ${ROOM_PER_BYTE * (wanted - now)} MiB of memory`,
  };
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
