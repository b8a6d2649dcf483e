import { AsyncResource } from 'node:async_hooks';
import type { TagMarks } from './tags.js';
import type { EntryToKeep } from './tier.js';

/** What a kept entry stands for. */
export type Outcome = 'value' | 'undefined' | 'error';

/** An entry of the memory tier. Times are milliseconds of the monotonic clock. */
export interface MemoryEntry {
  readonly value: unknown;
  /** A loader's `undefined` and its errors are kept on request, in memory only. */
  readonly outcome: Outcome;
  readonly freshUntil: number;
  /** How much longer it may be served, stale. Then it is not here. */
  readonly grace: number;
  /** Length of its freshness; decides how early it is worth refreshing. */
  readonly lifetime: number;
  readonly loadMs: number;
  readonly tags: TagMarks | undefined;
  /** Of the value, made for the first hit that hands one out and handed out again: a third of what a hit costs. */
  promise: Promise<unknown> | undefined;
  /** After a failed refresh nobody tries again before this time. */
  retryAt: number;
  /** By which the cache's curve knows the key, so that a hit need not compute it; 0 without a curve. */
  keyHash: number;
}

/** An entry as the cache manager has it kept. Times in seconds. */
export interface EntryToRemember extends EntryToKeep {
  readonly marks?: TagMarks | undefined;
  readonly outcome?: Outcome | undefined;
}

/** The entry as it is kept from `now` on. */
export function entryFrom(given: EntryToRemember, now: number, defaultTtl: number): MemoryEntry {
  const { value, ttl = defaultTtl, grace, loadSeconds = 0, marks, outcome = 'value' } = given;
  return {
    value,
    outcome,
    freshUntil: ttl === Infinity ? Infinity : now + ttl * 1000,
    grace: grace * 1000,
    lifetime: ttl * 1000,
    loadMs: loadSeconds * 1000,
    tags: marks,
    promise: undefined,
    retryAt: 0,
    keyHash: 0,
  };
}

/** A promise keeps the context it was made in, with whatever the first caller has there: it must be nobody's. */
const nobody = new AsyncResource('perf.cache.entry', { requireManualDestroy: true });

/** The value as a promise, always the same one. */
export function promiseOf(entry: MemoryEntry): Promise<unknown> {
  return entry.promise ?? makePromise(entry);
}

function makePromise(entry: MemoryEntry): Promise<unknown> {
  return (entry.promise = nobody.runInAsyncScope(() => Promise.resolve(entry.value)));
}

/** A value that is handed on and not kept. */
export function passing(value: unknown): MemoryEntry {
  const outcome = value === undefined ? 'undefined' : 'value';
  return {
    value,
    outcome,
    freshUntil: 0,
    grace: 0,
    lifetime: 0,
    loadMs: 0,
    tags: undefined,
    promise: undefined,
    retryAt: 0,
    keyHash: 0,
  };
}
