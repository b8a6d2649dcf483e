import type { MessagePort } from 'node:worker_threads';
import { checkRatio } from '../../checks.js';
import { loadHandler } from './task-module.js';

/** What a thread is told. */
export interface ThreadJob {
  /** Of the module that exports the handler. */
  readonly url: string;
  readonly payload: unknown;
  readonly attempt: number;
  readonly idempotencyKey: string;
  /** For what it reports on the way. */
  readonly port: MessagePort;
}

/** Runs one task in the thread it is called in. Cancelling ends the thread, so the signal of its context is never aborted. */
export async function runJob({ url, payload, attempt, idempotencyKey, port }: ThreadJob): Promise<unknown> {
  const handler = await loadHandler(url);
  const { signal } = new AbortController();
  const progress = (ratio: number) => port.postMessage(checkRatio('progress', ratio));
  return handler(payload, { signal, attempt, idempotencyKey, progress });
}
