import { BackgroundTaskManager } from '../async/tasks/background-task-manager.js';
import { CacheManager } from '../cache/cache-manager.js';
import { checkBoolean } from '../checks.js';
import { defaultMeterProvider } from '../defaults.js';
import { PerformanceMonitor } from '../monitor/performance-monitor.js';
import { ResourceOptimizer } from '../optimizer/resource-optimizer.js';
import { startPerformance, type Performance } from '../performance.js';
import type { PerformanceOptions } from '../performance-options.js';
import { expressRoute, followRoutes, type RoutedRequest, type RoutingApp } from './express-route.js';
import { addMeasuring, type FastifyLike } from './fastify.js';
import { HttpRecorder, type HttpOptions } from './http-recorder.js';
import { instrumentServer } from './http.js';
import { HandlerTimer } from './nest-handlers.js';
import { NestShedGuard } from './nest-shed-guard.js';
import type { ConsumerLike, DynamicModuleLike, HttpAdapterLike, ProviderLike } from './nest-shapes.js';

export { ShedError, ShedPriority } from './nest-shed-guard.js';
export { expressMetrics, fastifyMetrics } from '../export/prometheus/middleware.js';
export type { HttpOptions } from './http-recorder.js';

/** All of `startPerformance`; a `loadShedder` refuses requests as well. */
export interface PerformanceModuleOptions extends PerformanceOptions {
  /** How requests are measured; `false` does not. */
  readonly http?: HttpOptions | false;
  /** Whether every handler is timed, as `UsersController.find`. @default true */
  readonly handlers?: boolean;
}

/** Token of all that runs: `@Inject(PERFORMANCE) performance: Performance`. */
export const PERFORMANCE: unique symbol = Symbol('@gary-zero/performance');

/**
 * Starts everything with a Nest application, on Express or Fastify, and ends it with it (`app.close()`, and signals after
 * `app.enableShutdownHooks()`). `PerformanceMonitor`, `CacheManager`, `ResourceOptimizer` and `BackgroundTaskManager` can be
 * injected everywhere by their classes.
 *
 * ```ts
 * @Module({ imports: [PerformanceModule.forRoot({ serviceName: 'shop' })] })
 * export class AppModule {}
 * ```
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- Nest knows modules by their class
export class PerformanceModule {
  /** @throws {InvalidOptionError} when the application is created. */
  static forRoot({
    http = {},
    handlers = true,
    ...options
  }: PerformanceModuleOptions = {}): DynamicModuleLike {
    checkBoolean('handlers', handlers);
    let performance: Performance | undefined;
    // A class for each: Nest makes the instance, and asks it at the turns of the application's life.
    const module = class extends PerformanceModule {
      configure(consumer: ConsumerLike): void {
        const adapter = consumer.getHttpAdapter?.();
        if (adapter !== undefined && http !== false) measureAdapter(adapter, http);
      }

      async onApplicationShutdown(): Promise<void> {
        await performance?.shutdown();
      }
    };
    Object.defineProperty(module, 'name', { value: PerformanceModule.name });
    const start = () => (performance = startPerformance(options));
    const { loadShedder } = options;
    return {
      module,
      global: true,
      providers: [
        { provide: PERFORMANCE, useFactory: start, inject: [] },
        ...PARTS,
        {
          provide: 'APP_INTERCEPTOR',
          useFactory: ({ monitor }: Performance) => new HandlerTimer(monitor, handlers),
          inject: [PERFORMANCE],
        },
        ...(loadShedder === undefined ? [] : [guardProvider(new NestShedGuard(loadShedder))]),
      ],
      exports: [PERFORMANCE, ...PARTS.map(({ provide }) => provide)],
    };
  }
}

const PARTS: readonly ProviderLike[] = [
  part(PerformanceMonitor, ({ monitor }) => monitor),
  part(CacheManager, ({ cache }) => cache),
  part(ResourceOptimizer, ({ optimizer }) => optimizer),
  part(BackgroundTaskManager, ({ tasks }) => tasks),
];

function part(provide: ProviderLike['provide'], find: (performance: Performance) => unknown): ProviderLike {
  return { provide, useFactory: find, inject: [PERFORMANCE] };
}

function guardProvider(guard: NestShedGuard): ProviderLike {
  return { provide: 'APP_GUARD', useFactory: () => guard, inject: [] };
}

/** After {@link startPerformance}: what it has made is recorded into. */
function measureAdapter(adapter: HttpAdapterLike, http: HttpOptions): void {
  const meterProvider = http.meterProvider ?? defaultMeterProvider();
  const options = meterProvider === undefined ? http : { ...http, meterProvider };
  if (adapter.getType() === 'fastify') {
    addMeasuring(adapter.getInstance() as FastifyLike, new HttpRecorder(options));
    return;
  }
  followRoutes(adapter.getInstance() as RoutingApp);
  // At the server, so that what bodies are parsed for and what parsers refuse is seen too.
  instrumentServer(adapter.getHttpServer() as Parameters<typeof instrumentServer>[0], {
    ...options,
    routeOf: (request) => expressRoute(request as RoutedRequest),
  });
}
