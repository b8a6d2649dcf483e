import { InvalidUseError } from '../../errors.js';
import type { TaskHandler } from './define-task.js';

/** The handler a module exports. @throws {InvalidUseError} when there is none, and what loading it throws. */
export async function loadHandler(url: string): Promise<TaskHandler<unknown, unknown>> {
  const { handler } = (await import(/* webpackIgnore: true */ url)) as { readonly handler?: unknown };
  if (typeof handler === 'function') return handler as TaskHandler<unknown, unknown>;
  throw new InvalidUseError(`${url} exports no function "handler"`);
}
