import { setTimeout as delay } from 'node:timers/promises';
import { logNormal, type Random } from './random.js';

export interface OriginTimes {
  /** Milliseconds it takes at least. */
  readonly shortest: number;
  /** Half of the answers take no longer than this beyond that. */
  readonly median: number;
}

const SPREAD = 0.6;
/** One answer in a hundred waits for something else, as with a real database. */
const SLOW_SHARE = 0.01;
const SLOW_EXTRA_MS = 20;

/** Waits as a database or another service would. `times`: how many times as long as usual. */
export async function originAnswers(
  { shortest, median }: OriginTimes,
  random: Random,
  times = 1,
): Promise<void> {
  const slow = random() < SLOW_SHARE ? SLOW_EXTRA_MS * (1 + random()) : 0;
  await delay(times * (shortest + logNormal(random, median, SPREAD)) + slow);
}
