import { randomUUID } from 'node:crypto';
import {
  DurableTaskManager,
  type DurableTaskManagerOptions,
} from '../../../src/async/tasks/durable-task-manager.js';
import type { TaskEngine } from '../../../src/async/tasks/task-engine.js';
import type { TaskState } from '../../../src/async/tasks/task-status.js';
import { waitFor } from '../../e2e/servers.js';

/** Managers of one queue that nobody else has; they stand for the processes of an application. */
export class DurableQueue {
  readonly name = `test-${randomUUID().slice(0, 8)}`;
  readonly #url: () => string;
  readonly #managers: DurableTaskManager[] = [];

  constructor(url: () => string) {
    this.#url = url;
  }

  /** One that runs tasks, one at a time unless told otherwise. */
  worker(options: Partial<DurableTaskManagerOptions> = {}): DurableTaskManager {
    const { name } = this;
    const made = new DurableTaskManager({ url: this.#url(), name, limit: 1, timeout: 2, ...options });
    this.#managers.push(made);
    return made;
  }

  /** One that only submits and asks. */
  submitter(options: Partial<DurableTaskManagerOptions> = {}): DurableTaskManager {
    return this.worker({ limit: 0, ...options });
  }

  async close(): Promise<void> {
    await Promise.all(this.#managers.splice(0).map((one) => one.shutdown({ timeout: 0.001 })));
  }
}

export function becomes(engine: TaskEngine, id: string, state: TaskState): Promise<unknown> {
  const seen = async () => (await engine.getTaskStatus(id))?.status === state;
  return waitFor(seen, { what: `${id} to be ${state}` });
}

/** Work that ends when it is told to. */
export const obedient = (_: unknown, { signal }: { readonly signal: AbortSignal }) =>
  new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
