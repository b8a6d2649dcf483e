import { dualDecorator, type DualDecorator } from '../dual-decorator.js';
import { InvalidOptionError } from '../errors.js';
import type { PerformanceMonitor } from '../monitor/performance-monitor.js';
import type { Attributes } from '../telemetry/definition.js';
import { timedFunction, type CallRecorder } from '../telemetry/timer.js';
import { activeMonitor } from './active.js';

/**
 * Times every call of a function or method, as `perf.operation.duration` and for `getAverage('operation_duration_*')`:
 * until it returned or threw, until its promise settled, or until its generator was finished or closed. Results and
 * errors pass unchanged. Which monitor records is decided at each call, so it may be configured later.
 *
 * @param operation name of the operation. Default: the method's or function's own.
 * @param tags the same for every call; few, with few values.
 */
export function timer(operation?: string, tags?: Attributes): DualDecorator {
  if (operation !== undefined && (typeof operation !== 'string' || operation === '')) {
    throw new InvalidOptionError('operation name', 'a text that is not empty', operation);
  }
  return dualDecorator('@timer', (fn, { name, owner }) => {
    const own = owner === undefined ? name : `${owner}.${name}`;
    let monitor: PerformanceMonitor | undefined;
    let recorder: CallRecorder | undefined;
    return timedFunction(fn, () => {
      const active = activeMonitor();
      if (active !== monitor) {
        monitor = active;
        recorder = active?.enabled === true ? active.recorder(operation ?? own, tags) : undefined;
      }
      return recorder;
    });
  });
}

/** As {@link timer}, which handles promises as well: for those who look for it. */
export function asyncTimer(operation?: string, tags?: Attributes): DualDecorator {
  return timer(operation, tags);
}
