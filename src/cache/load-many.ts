import { InvalidUseError } from '../errors.js';
import { timeCall } from '../telemetry/timer.js';
import type { CacheMetrics } from './cache-metrics.js';
import type { Lifetime } from './entry-options.js';
import type { Loader } from './loader.js';
import { checkKey } from './memory-cache.js';
import { passing, type MemoryEntry } from './memory-entry.js';
import type { TagMarks } from './tags.js';
import type { TierStack } from './tier-stack.js';

/** Loads the values of the keys it is given; a key it leaves out has none. */
export type BatchFactory<T> = (
  missing: readonly string[],
) =>
  | ReadonlyMap<string, T>
  | Readonly<Record<string, T>>
  | Promise<ReadonlyMap<string, T> | Readonly<Record<string, T>>>;

/** How missing keys are loaded; without it they are left out. */
export interface BatchLoad<T> {
  readonly factory: BatchFactory<T>;
  readonly mark: () => Promise<TagMarks | undefined>;
  readonly lifetime: () => Lifetime;
}

/** Looks up many keys at once: memory, then the tier below in one go, then those others are loading, then the factory. */
export async function loadMany<T>(
  tiers: TierStack,
  loader: Loader,
  metrics: CacheMetrics,
  keys: readonly string[],
  load?: BatchLoad<T>,
): Promise<Map<string, T>> {
  const found = new Map<string, MemoryEntry>();
  const absent: string[] = [];
  for (const key of new Set(keys)) {
    const entry = tiers.peek(checkKey(key));
    const isHit = entry !== undefined && tiers.isFresh(entry) && entry.outcome === 'value';
    if (isHit) {
      metrics.countPrimaryHit();
      found.set(key, tiers.memory.used(entry));
    } else {
      tiers.memory.countMiss(key);
      absent.push(key);
    }
  }
  const below = absent.length === 0 ? undefined : await tiers.readManyBelow(absent);
  const missing: string[] = [];
  const joined: Promise<void>[] = [];
  for (const key of absent) {
    const entry = below?.get(key);
    if (entry && tiers.isFresh(entry)) {
      metrics.countSecondaryHit();
      found.set(key, entry);
      continue;
    }
    metrics.countMiss(entry === null ? 'failed' : 'all');
    const running = load && loader.running(key);
    if (running === undefined) missing.push(key);
    else joined.push(running.then((joinedEntry) => void found.set(key, joinedEntry)));
  }
  if (load !== undefined && missing.length > 0) {
    const loaded = loadTogether(tiers, metrics, missing, load);
    for (const key of missing) {
      const entry = loaded.then((entries) => entries.get(key) ?? NOTHING);
      entry.catch(() => {});
      loader.join(key, entry);
    }
    for (const [key, entry] of await loaded) found.set(key, entry);
  }
  await Promise.all(joined);
  const values = [...new Set(keys)].flatMap((key) => {
    const entry = found.get(key);
    return entry === undefined || entry.outcome !== 'value' ? [] : [[key, entry.value as T] as const];
  });
  return new Map(values);
}

const NOTHING = passing(undefined);

async function loadTogether<T>(
  tiers: TierStack,
  metrics: CacheMetrics,
  missing: readonly string[],
  { factory, mark, lifetime }: BatchLoad<T>,
): Promise<Map<string, MemoryEntry>> {
  const fences = missing.map((key) => tiers.enter(key));
  try {
    const marks = await mark();
    const loaded: unknown = await timeCall(metrics.loads, async () => factory(missing));
    const values = valuesOf<T>(loaded);
    const isCurrent = marks === undefined || tiers.tags.isCurrent(marks);
    const entries = new Map<string, MemoryEntry>();
    const writes: Promise<unknown>[] = [];
    for (const [i, key] of missing.entries()) {
      const value = values.get(key);
      if (value === undefined) continue;
      if (isCurrent && tiers.isOpen(key, fences[i]!)) {
        const write = { value, lifetime: lifetime(), marks };
        entries.set(key, tiers.write(key, write));
        writes.push(Promise.resolve(tiers.writeBelow(key, write)));
      } else {
        entries.set(key, { ...NOTHING, value, outcome: 'value' });
      }
    }
    await Promise.all(writes);
    return entries;
  } finally {
    missing.forEach((key, i) => tiers.leave(key, fences[i]!));
  }
}

function valuesOf<T>(loaded: unknown): ReadonlyMap<string, T> {
  if (loaded instanceof Map) return loaded as Map<string, T>;
  if (typeof loaded === 'object' && loaded !== null && !Array.isArray(loaded))
    return new Map(Object.entries(loaded));
  throw new InvalidUseError(
    'the factory of getOrSetMany must return a Map or an object with the values by key',
  );
}
