import { errorField } from '../../retry/error-field.js';
import { recordOf } from './error-record.js';

/** Stands for whatever a task failed with: bullmq obeys some names and texts of errors. */
export class TaskFailure extends Error {
  /** Until the next attempt, in milliseconds; -1 is what bullmq takes for never. */
  readonly retryInMs: number;

  constructor(error: unknown, retryInMs = -1) {
    const { name = '', message } = recordOf(error, 'task');
    super(`${name === '' ? 'thrown' : name}: ${message}`);
    this.name = 'TaskFailure';
    this.retryInMs = retryInMs;
    const stack = errorField(error, 'stack');
    if (typeof stack === 'string') this.stack = stack;
  }
}
