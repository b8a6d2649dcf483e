import { availableParallelism } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import { nodeWorkerThreads } from '../../built-ins.js';
import { checkPositiveInteger } from '../../checks.js';
import { InvalidUseError } from '../../errors.js';
import { loadInstalled } from '../../installed-package.js';
import { noticeOnce } from '../../telemetry/notice.js';
import { BackgroundTaskManager, type BackgroundTaskManagerOptions } from './background-task-manager.js';
import { submitOptionsOf, type DefinedTask } from './define-task.js';
import { RegisteredTasks } from './registered-tasks.js';
import type { TaskCapabilities } from './task-capabilities.js';
import type { TaskEngine } from './task-engine.js';
import type { EndOptions, SubmitOptions, TaskContext, WaitOptions } from './task-options.js';
import type { DrainReport, ResultOf, TaskFilter, TaskId, TaskStats, TaskStatus } from './task-status.js';
import type { ThreadJob } from './thread-worker.js';

/** How many threads run tasks, and how many tasks wait. */
export interface ThreadTaskManagerOptions extends Omit<BackgroundTaskManagerOptions, 'limit'> {
  /** Threads at most, each for one task at a time. Default: as many as the machine runs at the same time. */
  readonly threads?: number;
}

const CAPABILITIES: TaskCapabilities = {
  closures: false,
  durable: false,
  crossProcessCancel: false,
  priorities: true,
  delay: true,
};
/** A thread takes tens of milliseconds to start; one that is idle for longer is not worth its memory. */
const IDLE_MS = 30_000;

/**
 * Runs tasks in threads of this process, for work that keeps a processor busy, by the package piscina. Handlers are
 * modules; payloads and results are copied, errors keep their message and stack. A task that is cancelled or takes too
 * long ends with its thread, so whatever it is doing.
 *
 * Queue, fairness, retries and status are those of {@link BackgroundTaskManager}.
 */
export class ThreadTaskManager implements TaskEngine {
  readonly capabilities = CAPABILITIES;
  readonly #local: BackgroundTaskManager;
  readonly #tasks = new RegisteredTasks('the engine of threads', CAPABILITIES);
  readonly #threads: number;
  readonly #Pool: PoolOfPiscina;
  #pool: Piscina | undefined;

  /** @throws {InvalidOptionError} @throws {InvalidUseError} when piscina is not installed. */
  constructor({ threads = availableParallelism(), ...options }: ThreadTaskManagerOptions = {}) {
    this.#threads = checkPositiveInteger('threads', threads);
    this.#Pool = loadPiscina();
    this.#local = new BackgroundTaskManager({ name: 'threads', ...options, limit: threads });
  }

  register(...tasks: readonly DefinedTask<never, unknown>[]): void {
    for (const task of tasks) this.#tasks.add(task);
  }

  /** As that of {@link BackgroundTaskManager}, for defined tasks only. */
  submit<Payload, T>(task: DefinedTask<Payload, T>, payload: Payload, options?: SubmitOptions): TaskId<T> {
    this.#tasks.check(task);
    const { href } = task.handler as URL;
    const work = (context: TaskContext) => this.#run(href, payload, context);
    return this.#local.submit(task.name, work, submitOptionsOf(task, payload, options)) as TaskId<T>;
  }

  wait<Id extends TaskId>(id: Id, options?: WaitOptions): Promise<ResultOf<Id>> {
    return this.#local.wait(id, options);
  }

  getTaskStatus(id: TaskId): TaskStatus | undefined {
    return this.#local.getTaskStatus(id);
  }

  cancel(id: TaskId, reason?: unknown): boolean {
    return this.#local.cancel(id, reason);
  }

  list(filter?: TaskFilter): readonly TaskStatus[] {
    return this.#local.list(filter);
  }

  stats(): TaskStats {
    return this.#local.stats();
  }

  async drain(options?: EndOptions): Promise<DrainReport> {
    return this.#end(await this.#local.drain(options));
  }

  async shutdown(options?: EndOptions): Promise<DrainReport> {
    return this.#end(await this.#local.shutdown(options));
  }

  async #end(report: DrainReport): Promise<DrainReport> {
    await this.#pool?.destroy();
    this.#pool = undefined;
    return report;
  }

  async #run(url: string, payload: unknown, context: TaskContext): Promise<unknown> {
    const pool = (this.#pool ??= openPool(this.#Pool, this.#threads));
    const { port1, port2 } = new (nodeWorkerThreads().MessageChannel)();
    port1.on('message', context.progress);
    port1.unref();
    const { attempt, idempotencyKey } = context;
    const job: ThreadJob = { url, payload, attempt, idempotencyKey, port: port2 };
    try {
      return await pool.run(job, { signal: context.signal, transferList: [port2] });
    } finally {
      port1.close();
    }
  }
}

/** What is used of piscina; its own types do not compile under every setting an application may have. */
interface Piscina {
  run(
    job: ThreadJob,
    options: { readonly signal: AbortSignal; readonly transferList: readonly MessagePort[] },
  ): Promise<unknown>;
  destroy(): Promise<void>;
  on(event: 'error', listener: (error: unknown) => void): void;
}

type PoolOfPiscina = new (options: {
  readonly filename: string;
  readonly name: string;
  readonly minThreads: number;
  readonly maxThreads: number;
  readonly idleTimeout: number;
}) => Piscina;

function loadPiscina(): PoolOfPiscina {
  try {
    return (loadInstalled('piscina') as { readonly Piscina: PoolOfPiscina }).Piscina;
  } catch (cause) {
    throw new InvalidUseError('threads need the package piscina, version 5: npm install piscina', { cause });
  }
}

function openPool(Pool: PoolOfPiscina, threads: number): Piscina {
  // It lies beside the file that this one is bundled into.
  const { createRequire } = process.getBuiltinModule('node:module');
  const filename = createRequire(import.meta.url).resolve('./thread-worker.js');
  const pool = new Pool({
    filename,
    name: 'runJob',
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: IDLE_MS,
  });
  // A task that ends with its thread has failed already; without a listener the whole process would end as well.
  pool.on('error', (error) => noticeOnce('thread', `a thread of tasks has ended: ${String(error)}`));
  return pool;
}
