import type { CallRecorder } from '../../src/telemetry/timer.js';
import { FakeClock } from './fake-clock.js';

/** One recorded call: its seconds, and the error of one that failed. */
export type LoggedCall = { readonly seconds: number } | { readonly seconds: number; readonly error: unknown };

/** A recorder that writes down what it is told. */
export class CallLog implements CallRecorder {
  readonly clock = new FakeClock();
  readonly calls: LoggedCall[] = [];

  succeeded(seconds: number): void {
    this.calls.push({ seconds });
  }

  failed(seconds: number, error: unknown): void {
    this.calls.push({ seconds, error });
  }
}
