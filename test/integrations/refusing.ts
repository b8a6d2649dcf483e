import type { LoadShedder, ShedRequest } from '../../src/optimizer/cpu/load-shedder.js';

/** Refuses what is less urgent than so much. */
export function refusing(below: number): LoadShedder {
  return {
    name: 'test',
    share: 0.5,
    lag: 0,
    retryAfter: 4,
    shouldShed: ({ priority = 0 }: ShedRequest = {}) => priority < below,
    setRefusing() {},
    onTurn: () => () => {},
    close() {},
  } satisfies Partial<LoadShedder> as unknown as LoadShedder;
}
