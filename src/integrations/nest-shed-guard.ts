import { InvalidOptionError, OverloadedError } from '../errors.js';
import type { LoadShedder } from '../optimizer/cpu/load-shedder.js';
import { MAX_PRIORITY, MIN_PRIORITY } from '../optimizer/cpu/shed-control.js';
import { rawResponseOf } from './nest-handlers.js';
import type { ExecutionContextLike } from './nest-shapes.js';
import { isAlwaysAnswered } from './shed-rule.js';

/** On handlers and controllers, as a property: decorators that wrap a method keep it. */
const PRIORITY = Symbol('shed priority');

type Prioritized = Function & { readonly [PRIORITY]?: number };

/**
 * Says of a handler, or of all of a controller, how late it is refused: from -100 to 100, 100 never is, 0 without it.
 *
 * @throws {InvalidOptionError}
 */
export function ShedPriority(priority: number): ClassDecorator & MethodDecorator {
  if (!Number.isInteger(priority) || priority < MIN_PRIORITY || priority > MAX_PRIORITY)
    throw new InvalidOptionError(
      'priority',
      `a whole number from ${MIN_PRIORITY} to ${MAX_PRIORITY}`,
      priority,
    );
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const place: object = (descriptor?.value as object | undefined) ?? target;
    Object.defineProperty(place, PRIORITY, { value: priority, configurable: true });
  };
}

/** What a refused request is answered with. Nest knows errors for its clients by these three, as `http-errors` makes them. */
export class ShedError extends OverloadedError {
  readonly status = 503;
  readonly statusCode = 503;
  /** Its message may be seen by clients. */
  readonly expose = true;
}

/** A guard that refuses with 503 and `Retry-After` while the shedder says so; health checks and /metrics never. */
export class NestShedGuard {
  readonly #shedder: LoadShedder;

  constructor(shedder: LoadShedder) {
    this.#shedder = shedder;
  }

  /** @throws {ShedError} */
  canActivate(context: ExecutionContextLike): boolean {
    if (context.getType() !== 'http') return true;
    const http = context.switchToHttp();
    const { originalUrl, url = '' } = http.getRequest();
    if (isAlwaysAnswered(originalUrl ?? url)) return true;
    const [handler, controller] = [context.getHandler(), context.getClass()] as Prioritized[];
    const priority = handler?.[PRIORITY] ?? controller?.[PRIORITY] ?? 0;
    if (!this.#shedder.shouldShed({ priority })) return true;
    const { retryAfter } = this.#shedder;
    rawResponseOf(http.getResponse()).setHeader('Retry-After', String(retryAfter));
    throw new ShedError(`${controller?.name}.${handler?.name}`, retryAfter * 1000);
  }
}
