import type { Look, OptimizerAction, Proposal } from '../action.js';
import { PROCESS, type AdviceMode } from '../decision.js';
import { asMb, asPercent } from '../figures.js';
import type { Observation } from '../observation.js';

/** What the garbage collector does, and what there is room for. */
export interface GcSignal {
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

const MB = 1024 * 1024;
const MIN_GC_SHARE = 0.1;
const MIN_MINOR_SHARE = 0.5;
/** Twice and four times the usual 16 MiB gave a fifth more requests for each second of CPU, eight times no more than that. */
const MAX_SEMI_SPACE_MB = 64;
/** The space for new objects is two of them and half of one for what is moved; RSS grew by about as much. */
const ROOM_PER_BYTE = 3;

/**
 * Says when new objects should get more room. A larger space is collected less often, and by then more of it is garbage,
 * which costs nothing. It only advises: V8 takes the flag when it starts, later changes have no effect.
 */
export class GcAdvice implements OptimizerAction<GcSignal | undefined> {
  readonly name = 'gc_advice';
  readonly resource = 'cpu';
  readonly mode: AdviceMode;

  constructor(mode: AdviceMode) {
    this.mode = mode;
  }

  observe({ observation }: Look): readonly (GcSignal | undefined)[] {
    return [gcSignalOf(observation)];
  }

  propose(signal: GcSignal | undefined): Proposal {
    return adviseGc(signal);
  }
}

/** `undefined` where nobody measures it: a resource tracker that runs does. */
export function gcSignalOf({ seconds, memory, runtime }: Observation): GcSignal | undefined {
  const { collectionSeconds, minorSeconds, newSpaceBytes, residentBytes } = runtime;
  const memoryLimitBytes = memory.containerLimitBytes ?? memory.machineBytes;
  if (newSpaceBytes === undefined || residentBytes === undefined || memoryLimitBytes === undefined)
    return undefined;
  return {
    gcShare: seconds > 0 ? collectionSeconds / seconds : 0,
    minorShare: collectionSeconds > 0 ? minorSeconds / collectionSeconds : 0,
    semiSpaceBytes: newSpaceBytes / 2,
    residentBytes,
    memoryLimitBytes,
  };
}

/** Pure. */
export function adviseGc(signal: GcSignal | undefined): Proposal {
  const target = PROCESS;
  if (signal === undefined) {
    const explanation = 'garbage collections are not measured: no resource tracker runs';
    return { target, numbers: {}, reason: 'not_measured', explanation };
  }
  const { gcShare, minorShare, semiSpaceBytes, residentBytes, memoryLimitBytes } = signal;
  const rest = { target, numbers: { gcShare, minorShare, semiSpaceBytes } };
  const state = `collections take ${asPercent(gcShare)} of the time, ${asPercent(minorShare)} of that for new objects`;
  if (gcShare <= MIN_GC_SHARE || minorShare < MIN_MINOR_SHARE)
    return { ...rest, reason: 'within_limits', explanation: state };
  const now = Math.round(semiSpaceBytes / MB);
  const wanted = 2 * now;
  if (now < 1 || wanted > MAX_SEMI_SPACE_MB) {
    const explanation = `${state}; more than ${MAX_SEMI_SPACE_MB} MB of semi-space gives nothing`;
    return { ...rest, reason: 'balanced', explanation };
  }
  const extraBytes = ROOM_PER_BYTE * (wanted - now) * MB;
  if (memoryLimitBytes - residentBytes < extraBytes) {
    const explanation = `${state}; more room for them needs ${asMb(extraBytes)}, which is not there`;
    return { ...rest, reason: 'container', explanation };
  }
  return {
    ...rest,
    reason: 'gc',
    explanation: state,
    recommendation:
      `Start Node with NODE_OPTIONS=--max-semi-space-size=${wanted} instead of ${now}, ` +
      `which takes up to ${asMb(extraBytes)} of memory: ${state}`,
  };
}
