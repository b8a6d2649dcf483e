import type { Redis } from 'ioredis';
import { systemClock } from '../../../clock.js';
import type { TaskId } from '../task-status.js';
import type { BullQueue, BullState } from './bullmq.js';
import type { ErrorRecord } from './error-record.js';
import type { TaskEnvelope } from './task-envelope.js';
import type { RedisCalls } from './redis-calls.js';
import { BEGIN, CANCEL, NOTE, READ } from './task-scripts.js';
import { TaskView, type TaskEnd } from './task-view.js';

/** Ids are made by us; what looks otherwise is no task. */
const ID = /^[\da-f]{8}-[\da-f-]{27}$/;
/** Tasks read by one script: Redis does nothing else meanwhile. */
const READ_AT_ONCE = 200;
/** Of each state; `list` is for looking, not for keeping books. */
const LISTED = 1000;

const STATES: readonly BullState[] = ['prioritized', 'wait', 'delayed', 'active', 'completed', 'failed'];

/** What a queue holds, all processes together. */
export interface QueueSample {
  readonly active: number;
  readonly queued: number;
  readonly delayed: number;
  readonly kept: number;
  /** Seconds the one that is next has waited. */
  readonly oldestWait: number;
}

/** What is to become of a task that a worker has got. */
export type Begun =
  | {
      readonly next: 'run';
      readonly attempt: number;
      /** When the first attempt began, milliseconds since 1970. */
      readonly firstAt: number;
      readonly waitedMs: number;
    }
  | { readonly next: 'expired' }
  | { readonly next: 'end'; readonly end: TaskEnd };

/** How an attempt went. */
export interface AttemptNote {
  readonly ranMs: number;
  readonly end?: TaskEnd | undefined;
  /** Since when it waits to be tried again, milliseconds since 1970. */
  readonly dueAt?: number | undefined;
  /** Tells those who wait for it. */
  readonly tells?: boolean | undefined;
}

/** The tasks of one queue, as Redis has them. */
export class TaskStore {
  /** Workers listen here to what is cancelled. */
  readonly cancelChannel: string;
  readonly #calls: RedisCalls;
  readonly #queue: BullQueue;
  readonly #keepForMs: number;

  constructor(calls: RedisCalls, queue: BullQueue, keepForMs: number) {
    this.#calls = calls;
    this.#queue = queue;
    this.#keepForMs = keepForMs;
    this.cancelChannel = queue.toKey('t:cancel');
  }

  /** Where those who wait for a task hear that there is something to see. */
  channelOf(id: TaskId): string {
    return this.#queue.toKey(`t:task:${id}`);
  }

  async read(id: TaskId, withResult = false): Promise<TaskView | undefined> {
    const [view] = await this.readAll([id], withResult);
    return view;
  }

  /** In the order of the ids; `undefined` for those that are not known, or not any more. */
  async readAll(ids: readonly TaskId[], withResult = false): Promise<readonly (TaskView | undefined)[]> {
    const views: (TaskView | undefined)[] = [];
    for (let from = 0; from < ids.length; from += READ_AT_ONCE)
      views.push(...(await this.#readSome(ids.slice(from, from + READ_AT_ONCE), withResult)));
    return views;
  }

  /** In the order they came, of each state the last that came. */
  async list(): Promise<readonly TaskView[]> {
    const ids = new Set<TaskId>();
    for (const state of STATES) {
      const some = await this.#calls.call('list', () => this.#queue.getRanges([state], 0, LISTED - 1, false));
      for (const id of some) ids.add(id);
    }
    const views = (await this.readAll([...ids])).filter((view) => view !== undefined);
    return views.toSorted((a, b) => a.submittedAt - b.submittedAt);
  }

  /** Counts the queue. */
  async sample(): Promise<QueueSample> {
    const counts = await this.#calls.call('stats', () => this.#queue.getJobCounts(...STATES));
    const [first] = await this.#calls.call('stats', () => this.#queue.getRanges(['prioritized'], 0, 0, true));
    const next = first === undefined ? undefined : await this.read(first);
    const { prioritized = 0, wait = 0, delayed = 0, active = 0, completed = 0, failed = 0 } = counts;
    return {
      active,
      queued: prioritized + wait,
      delayed,
      kept: completed + failed,
      oldestWait: next?.status().queuedFor ?? 0,
    };
  }

  /** False when it has ended, was cancelled before, or is not known. */
  async cancel(id: TaskId, reason: ErrorRecord): Promise<boolean> {
    if (!isId(id)) return false;
    const text = JSON.stringify(reason);
    const key = this.#queue.toKey(id);
    const isCancelled = await this.#calls.call('cancel', (client) =>
      client.eval(CANCEL, 1, key, id, text, this.cancelChannel, this.channelOf(id)),
    );
    return isCancelled === 1;
  }

  /** By a worker, and so on a connection that waits for Redis. */
  async begin(client: Redis, id: TaskId, { dueAt, queueTimeoutMs }: TaskEnvelope): Promise<Begun> {
    const now = systemClock.wallNow();
    const raw = await client.eval(BEGIN, 1, this.#queue.toKey(id), now, dueAt ?? '', queueTimeoutMs ?? '');
    const [next, ...rest] = raw as [string, ...(string | number)[]];
    if (next === 'expired') return { next };
    if (next === 'cancelled')
      return {
        next: 'end',
        end: { state: 'cancelled', error: JSON.parse(rest[0] as string) as ErrorRecord },
      };
    if (next === 'ended') return { next: 'end', end: JSON.parse(rest[0] as string) as TaskEnd };
    const [attempt, firstAt, waitedMs] = rest as [number, number, number];
    return { next: 'run', attempt, firstAt, waitedMs };
  }

  async note(client: Redis, id: TaskId, { ranMs, end, dueAt, tells }: AttemptNote): Promise<void> {
    const text = end === undefined ? '' : JSON.stringify(end);
    const channel = tells === true ? this.channelOf(id) : '';
    await client.eval(NOTE, 1, this.#queue.toKey(id), Math.round(ranMs), text, dueAt ?? '', channel);
  }

  /** Resolves to how many have heard of it. */
  tell(client: Redis, id: TaskId): Promise<number> {
    return client.publish(this.channelOf(id), '');
  }

  async #readSome(ids: readonly TaskId[], withResult: boolean): Promise<(TaskView | undefined)[]> {
    const ours = ids.filter(isId);
    if (ours.length === 0) return ids.map(() => undefined);
    const keys = [this.#queue.toKey(''), this.#queue.toKey('delayed')];
    const raw = (await this.#calls.call('status', (client) =>
      client.eval(READ, 2, ...keys, withResult ? 1 : 0, ...ours),
    )) as ((string | null)[] | null)[];
    const now = systemClock.wallNow();
    const found = new Map(ours.map((id, i) => [id, raw[i]]));
    return ids.map((id) => {
      const fields = found.get(id);
      if (fields === null || fields === undefined) return undefined;
      const view = new TaskView(id, fields, now);
      return view.endedAt !== undefined && view.endedAt < now - this.#keepForMs ? undefined : view;
    });
  }
}

function isId(id: unknown): boolean {
  return typeof id === 'string' && ID.test(id);
}
