import {
  BackgroundTaskManager,
  type BackgroundTaskManagerOptions,
} from '../../../src/async/tasks/background-task-manager.js';
import { FakeClock } from '../../fakes/fake-clock.js';

/** Tasks on a clock that moves by hand. */
export function tasksWith(options: BackgroundTaskManagerOptions = {}) {
  const clock = new FakeClock();
  return { clock, tasks: new BackgroundTaskManager({ name: 'test', clock, ...options }) };
}

/** Work that ends when the test says so. */
export function gate<T = void>() {
  let open!: (value: T) => void;
  let fail!: (error: unknown) => void;
  let begin!: () => void;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const closed = new Promise<T>((resolve, reject) => ([open, fail] = [resolve, reject]));
  const work = () => {
    begin();
    return closed;
  };
  return { open, fail, begun, work };
}

/** What a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => `it resolved to ${String(value)}`,
    (error: unknown) => error,
  );
}
