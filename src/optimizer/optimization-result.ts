import type { MadeDecision, OptimizedResource } from './decision.js';
import { asMb, asMs } from './figures.js';
import type { ForcedGc } from './memory/forced-collections.js';
import type { Looked } from './passes.js';
import type { VerdictKind } from './verdict.js';

/** What a look at one resource came to. */
export interface OptimizationResult {
  readonly optimizationType: OptimizedResource;
  readonly decisions: readonly MadeDecision[];
  /** About the last change that was made before, if enough has been measured just now. */
  readonly verdict: VerdictKind;
  /** Bytes of live heap that were freed. Absent: not measured; `forceGc` measures it at once. */
  readonly improvement?: number;
  /** How much less misses cost than they would have without that change; only together with its interval. */
  readonly improvementPercent?: number;
  /** 95 % interval of it. */
  readonly improvementInterval?: readonly [low: number, high: number];
  /** With `forceGc`: what collecting garbage cost. */
  readonly forcedGc?: ForcedGc;
  readonly recommendations: readonly string[];
}

export function resultOf(
  resource: OptimizedResource,
  { decisions: all, verdicts }: Looked,
  forcedGc?: ForcedGc,
): OptimizationResult {
  const decisions = all.filter((made) => made.resource === resource);
  const verdict = verdicts.findLast((made) => made.resource === resource);
  const improvement = forcedGc?.freedBytes ?? verdict?.freedBytes;
  const { improvementPercent, improvementInterval } = verdict ?? {};
  return {
    optimizationType: resource,
    decisions,
    verdict: verdict?.kind ?? 'not measured',
    ...(improvement !== undefined && { improvement }),
    ...(improvementPercent !== undefined && { improvementPercent }),
    ...(improvementInterval !== undefined && { improvementInterval }),
    ...(forcedGc !== undefined && { forcedGc }),
    recommendations: [
      ...decisions.flatMap(({ recommendation }) => recommendation ?? []),
      ...(forcedGc === undefined ? [] : [costOf(forcedGc)]),
    ],
  };
}

function costOf({ collections, pauseSeconds, freedBytes, problem }: ForcedGc): string {
  if (problem !== undefined) return problem;
  const freed = freedBytes === undefined ? '' : ` and told that ${asMb(freedBytes)} were freed`;
  return `Collecting garbage ${collections} times stopped the process for ${asMs(pauseSeconds)}${freed}: not for every minute`;
}
