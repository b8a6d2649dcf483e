import { InvalidUseError } from '../../errors.js';
import type { DefinedTask } from './define-task.js';
import type { TaskCapabilities } from './task-capabilities.js';

/** The tasks an engine has agreed to run. */
export class RegisteredTasks {
  readonly #engine: string;
  readonly #capabilities: TaskCapabilities;
  readonly #tasks = new Map<string, DefinedTask<never, unknown>>();

  constructor(engine: string, capabilities: TaskCapabilities) {
    this.#engine = engine;
    this.#capabilities = capabilities;
  }

  /** @throws {InvalidUseError} */
  add(task: DefinedTask<never, unknown>): void {
    const { name, requires, handler } = task;
    const needed = typeof handler === 'function' ? [...requires, 'closures' as const] : requires;
    const missing = needed.filter((capability) => !this.#capabilities[capability]);
    if (missing.length > 0) {
      const hint = missing.includes('closures') ? '; its handler has to be the URL of a module here' : '';
      throw new InvalidUseError(
        `task "${name}" needs ${missing.join(', ')}, which ${this.#engine} cannot do${hint}`,
      );
    }
    const known = this.#tasks.get(name);
    if (known !== undefined && known !== task)
      throw new InvalidUseError(`there is another task "${name}" already`);
    this.#tasks.set(name, task);
  }

  find(name: string): DefinedTask<never, unknown> | undefined {
    return this.#tasks.get(name);
  }

  /** @throws {InvalidUseError} unless it was registered. */
  check(task: DefinedTask<never, unknown>): void {
    if (this.#tasks.get(task.name) === task) return;
    throw new InvalidUseError(`task "${task.name}" is not registered here`);
  }
}
