import type { PerformanceMonitor } from '../monitor/performance-monitor.js';
import { startTimer, type CallRecorder, type RunningTimer } from '../telemetry/timer.js';
import type { ExecutionContextLike, NestResponse, ObservableLike, ObserverLike } from './nest-shapes.js';
import { exchangeOf } from './node-exchange.js';

/**
 * An interceptor that times handlers as `perf.operation.duration` under `UsersController.find`, and tells the measured
 * request what they throw.
 */
export class HandlerTimer {
  readonly #monitor: PerformanceMonitor;
  readonly #isTiming: boolean;
  readonly #recorders = new WeakMap<Function, CallRecorder>();

  constructor(monitor: PerformanceMonitor, isTiming: boolean) {
    this.#monitor = monitor;
    this.#isTiming = isTiming;
  }

  intercept(context: ExecutionContextLike, next: { handle(): ObservableLike }): ObservableLike {
    const recorder = this.#isTiming && this.#monitor.enabled ? this.#recorderOf(context) : undefined;
    const timer = recorder && startTimer(recorder);
    return watched(next.handle(), timer, (error) => tellRequest(context, error));
  }

  #recorderOf(context: ExecutionContextLike): CallRecorder {
    const handler = context.getHandler();
    let recorder = this.#recorders.get(handler);
    if (recorder === undefined) {
      recorder = this.#monitor.recorder(`${context.getClass().name}.${handler.name}`);
      this.#recorders.set(handler, recorder);
    }
    return recorder;
  }
}

export function rawResponseOf(response: NestResponse): Parameters<typeof exchangeOf>[0] {
  return 'raw' in response ? response.raw : response;
}

function tellRequest(context: ExecutionContextLike, error: unknown): void {
  if (context.getType() !== 'http') return;
  exchangeOf(rawResponseOf(context.switchToHttp().getResponse()))?.fail(error);
}

/** The same values, errors and end, heard on their way. Who stops listening ends it as well. */
function watched(
  handled: ObservableLike,
  timer: RunningTimer | undefined,
  onError: (error: unknown) => void,
): ObservableLike {
  const Observable = handled.constructor as new (
    subscribe: (observer: ObserverLike) => () => void,
  ) => ObservableLike;
  return new Observable((observer) => {
    const subscription = handled.subscribe({
      next: (value) => observer.next(value),
      error(error) {
        timer?.fail(error);
        onError(error);
        observer.error(error);
      },
      complete() {
        timer?.end();
        observer.complete();
      },
    });
    return () => {
      timer?.end();
      subscription.unsubscribe();
    };
  });
}
