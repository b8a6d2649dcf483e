import type { Redis } from 'ioredis';
import { systemClock, type Cancel } from '../../../clock.js';
import { InvalidUseError, RejectedError, show } from '../../../errors.js';
import type { TaskId } from '../task-status.js';
import type { TaskStore } from './task-store.js';
import type { TaskView } from './task-view.js';

/** A message may be lost, when a worker dies or a connection is made again: so often it is looked all the same. */
const LOOK_MS = 2000;

interface Wait {
  readonly promise: Promise<TaskView>;
  readonly resolve: (view: TaskView) => void;
  readonly reject: (error: unknown) => void;
}

/** Those in this process who wait for tasks, wherever these run: one channel for each task, one look for all. */
export class TaskWaits {
  readonly #name: string;
  readonly #store: TaskStore;
  readonly #connect: () => Redis;
  readonly #waits = new Map<TaskId, Wait>();
  /** By channel. */
  readonly #ids = new Map<string, TaskId>();
  #listener: Redis | undefined;
  #stopLooking: Cancel | undefined;
  #isLooking = false;

  constructor(name: string, store: TaskStore, connect: () => Redis) {
    this.#name = name;
    this.#store = store;
    this.#connect = connect;
  }

  /**
   * Resolves when it has ended, or nobody need wait any longer.
   *
   * @throws {TaskQueueError} when Redis does not answer now; later it may be away for as long as it likes.
   * @throws {InvalidUseError} for an id that is not known.
   */
  async ended(id: TaskId): Promise<TaskView> {
    const known = this.#waits.get(id);
    if (known !== undefined) return known.promise;
    const view = await this.#read(id);
    return view.isSettled ? view : (this.#waits.get(id) ?? this.#begin(id)).promise;
  }

  close(): void {
    this.#stopLooking?.();
    for (const { reject } of this.#waits.values())
      reject(new RejectedError(`waiting for tasks "${this.#name}"`, 'closed'));
    this.#waits.clear();
    this.#ids.clear();
  }

  async #read(id: TaskId): Promise<TaskView> {
    const view = await this.#store.read(id, true);
    if (view !== undefined) return view;
    throw new InvalidUseError(`no task has the id ${show(id)}, or it ended too long ago to be known`);
  }

  #begin(id: TaskId): Wait {
    const channel = this.#store.channelOf(id);
    let settle: Pick<Wait, 'resolve' | 'reject'>;
    const promise = new Promise<TaskView>((resolve, reject) => (settle = { resolve, reject }));
    const wait = { promise, ...settle! };
    this.#waits.set(id, wait);
    this.#ids.set(channel, id);
    // It may have ended before this process listened.
    this.#listen()
      .subscribe(channel)
      .then(
        () => this.#look([id]),
        () => undefined,
      );
    this.#stopLooking ??= systemClock.every(LOOK_MS, () => this.#lookAtAll());
    return wait;
  }

  #listen(): Redis {
    if (this.#listener !== undefined) return this.#listener;
    const listener = this.#connect();
    listener.on('message', (channel: string) => {
      const id = this.#ids.get(channel);
      if (id !== undefined) void this.#look([id]);
    });
    // Another connection knows no channels, and what was said before is lost.
    listener.on('ready', () => {
      const channels = [...this.#ids.keys()];
      if (channels.length > 0) listener.subscribe(...channels).catch(() => undefined);
      this.#lookAtAll();
    });
    return (this.#listener = listener);
  }

  #lookAtAll(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    void this.#look([...this.#waits.keys()]).finally(() => (this.#isLooking = false));
  }

  async #look(ids: readonly TaskId[]): Promise<void> {
    try {
      const views = await this.#store.readAll(ids, true);
      for (const [i, id] of ids.entries()) this.#settle(id, views[i]);
    } catch {
      // Redis is away: there will be another look.
    }
  }

  #settle(id: TaskId, view: TaskView | undefined): void {
    const wait = this.#waits.get(id);
    if (wait === undefined || view?.isSettled === false) return;
    this.#forget(id);
    if (view === undefined) wait.reject(new InvalidUseError(`the task ${show(id)} is not known any more`));
    else wait.resolve(view);
  }

  #forget(id: TaskId): void {
    const channel = this.#store.channelOf(id);
    this.#waits.delete(id);
    this.#ids.delete(channel);
    this.#listener?.unsubscribe(channel).catch(() => undefined);
    if (this.#waits.size > 0) return;
    this.#stopLooking?.();
    this.#stopLooking = undefined;
  }
}
