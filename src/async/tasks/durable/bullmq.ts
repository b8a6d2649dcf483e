import type { Redis } from 'ioredis';
import { InvalidUseError } from '../../../errors.js';
import { loadInstalled } from '../../../installed-package.js';

/**
 * What is used of bullmq; its own types do not compile under every setting an application may have. All of it is what
 * its manual tells of. Versions before 6.3.16 may never come back from closing a worker that found no Redis.
 */
export interface BullMq {
  readonly Queue: new (name: string, options: object) => BullQueue;
  readonly Worker: new (name: string, work: BullProcessor, options: object) => BullWorker;
  /** Thrown by a processor that has moved its job itself. */
  readonly DelayedError: new () => Error;
}

export type BullProcessor = (job: BullJob, token?: string) => Promise<unknown>;

export interface BullQueue {
  add(name: string, data: unknown, options: object): Promise<BullJob>;
  getJob(id: string): Promise<BullJob | undefined>;
  /** Ids of jobs in these states, the first that came first. */
  getRanges(states: readonly BullState[], start: number, end: number, ascending: boolean): Promise<string[]>;
  getJobCounts(...states: readonly BullState[]): Promise<Readonly<Record<string, number>>>;
  toKey(type: string): string;
  on(event: 'error', listener: (error: unknown) => void): void;
}

export type BullState = 'prioritized' | 'wait' | 'delayed' | 'active' | 'completed' | 'failed';

export interface BullJob {
  readonly id?: string | undefined;
  readonly name: string;
  readonly data: unknown;
  readonly opts: { readonly attempts?: number | undefined };
  /** Attempts that failed. */
  readonly attemptsMade: number;
  /** How often a worker has got it. */
  readonly attemptsStarted?: number | undefined;
  updateProgress(ratio: number): Promise<void>;
  moveToDelayed(timestamp: number, token?: string): Promise<void>;
  promote(): Promise<void>;
  /** Unless another job has the key by now. */
  removeDeduplicationKey(): Promise<boolean>;
}

export interface BullWorker {
  close(force?: boolean): Promise<void>;
  on(event: 'error', listener: (error: unknown) => void): void;
  on(event: 'completed' | 'failed', listener: (job: BullJob | undefined) => void): void;
}

interface IoRedis {
  readonly Redis: typeof Redis;
}

/** @throws {InvalidUseError} when it is not installed. */
export function loadBullMq(): BullMq {
  try {
    return loadInstalled('bullmq') as BullMq;
  } catch (cause) {
    throw new InvalidUseError('durable tasks need the package bullmq, 6.3.16 or later: npm install bullmq', {
      cause,
    });
  }
}

/** A dependency of this package that only those load who need it. */
export function loadIoRedis(): IoRedis {
  return loadInstalled('ioredis') as IoRedis;
}
