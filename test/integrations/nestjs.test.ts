import {
  BadRequestException,
  Controller,
  Get,
  Inject,
  Module,
  Post,
  StreamableFile,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { expect } from 'chai';
import type { FastifyInstance } from 'fastify';
import { Readable } from 'node:stream';
import 'reflect-metadata';
import {
  CacheManager,
  BackgroundTaskManager,
  PerformanceMonitor,
  ResourceOptimizer,
} from '../../src/index.js';
import {
  expressMetrics,
  fastifyMetrics,
  PERFORMANCE,
  PerformanceModule,
  ShedPriority,
  type PerformanceModuleOptions,
} from '../../src/integrations/nestjs.js';
import type { Performance } from '../../src/performance.js';
import { Broken, httpContract, type StartedApp } from './http-contract.js';
import { ask, Gate, Metrics } from './measured-server.js';
import { refusing } from './refusing.js';

const ADAPTERS = { Express: () => new ExpressAdapter(), Fastify: () => new FastifyAdapter() };

/** What decorators in front of a method do; the loader of these tests has none of the old kind. */
function decorate(controller: Function, path: string, methods: Record<string, MethodDecorator[]>): void {
  Controller(path)(controller);
  const prototype = controller.prototype as object;
  for (const [name, decorators] of Object.entries(methods))
    for (const decorator of decorators)
      decorator(prototype, name, Object.getOwnPropertyDescriptor(prototype, name)!);
}

function controllersFor(gate: Gate): Function[] {
  class Everything {
    user() {
      return 'a user';
    }
    refused() {
      throw new BadRequestException();
    }
    broken() {
      throw new Broken('no');
    }
    async brokenLater() {
      return Promise.reject(new Broken('later'));
    }
    async hang() {
      gate.reach();
      await gate.opened;
    }
    stream() {
      const chunks = async function* () {
        yield 'first';
        await gate.opened;
        yield 'last';
      };
      return new StreamableFile(Readable.from(chunks(), { objectMode: false }));
    }
    made() {
      return 'a user';
    }
    healthz() {
      return 'yes';
    }
  }
  class Items {
    find() {
      return 'an item';
    }
  }
  decorate(Everything, '', {
    user: [Get('users/:id')],
    made: [Post('users/:id'), ShedPriority(50)],
    refused: [Get('refused')],
    broken: [Get('broken')],
    brokenLater: [Get('broken-later')],
    hang: [Get('hang')],
    stream: [Get('stream')],
    healthz: [Get('healthz')],
  });
  decorate(Items, 'shops/:shop', { find: [Get('items/:item')] });
  ShedPriority(60)(Items);
  return [Everything, Items];
}

async function start(
  adapter: 'Express' | 'Fastify',
  metrics: Metrics,
  { gate = new Gate(), ...options }: PerformanceModuleOptions & { gate?: Gate } = {},
): Promise<StartedApp & { readonly app: INestApplication }> {
  class App {}
  Module({
    imports: [
      PerformanceModule.forRoot({
        meterProvider: metrics.provider,
        registerGlobal: false,
        optimizer: { auto: false },
        ...options,
      }),
    ],
    controllers: controllersFor(gate) as never[],
  })(App);
  const app = await NestFactory.create(App, ADAPTERS[adapter]() as ExpressAdapter, {
    logger: false,
    abortOnError: false,
  });
  if (adapter === 'Express') app.use(expressMetrics(metrics.endpoint));
  else
    await (app.getHttpAdapter().getInstance() as FastifyInstance).register(fastifyMetrics(metrics.endpoint));
  await app.listen(0, '127.0.0.1');
  const stop = async () => {
    gate.open();
    (app.getHttpServer() as { closeAllConnections(): void }).closeAllConnections();
    await app.close();
  };
  return { app, url: await app.getUrl(), stop };
}

for (const adapter of ['Express', 'Fastify'] as const) {
  describe(`PerformanceModule on ${adapter}`, () => {
    httpContract({
      start: ({ metrics, gate, options }) => start(adapter, metrics, { gate, http: options }),
    });

    async function withApp(
      options: PerformanceModuleOptions,
      test: (url: string, metrics: Metrics, app: INestApplication) => Promise<void>,
    ): Promise<void> {
      const metrics = new Metrics();
      const { app, url, stop } = await start(adapter, metrics, options);
      try {
        await test(url, metrics, app);
      } finally {
        await stop();
        await metrics.provider.shutdown();
      }
    }

    it('injects what runs, by class', () =>
      withApp({}, async (_, __, app) => {
        const performance = app.get<Performance>(PERFORMANCE);

        expect(app.get(PerformanceMonitor)).to.equal(performance.monitor);
        expect(app.get(CacheManager)).to.equal(performance.cache);
        expect(app.get(ResourceOptimizer)).to.equal(performance.optimizer);
        expect(app.get(BackgroundTaskManager)).to.equal(performance.tasks);
      }));

    it('times handlers, failed ones with their error', () =>
      withApp({}, async (url, metrics) => {
        await ask(`${url}/users/1`);
        await ask(`${url}/broken`);
        await metrics.expectRequests({ 'GET /users/:id 200': 1, 'GET /broken 500 Broken': 1 });

        const page = await metrics.page();
        expect(page).to.match(
          /perf_operation_duration_seconds_count\{perf_operation_name="Everything\.user"\} 1/,
        );
        expect(page).to.match(
          /perf_operation_duration_seconds_count\{(?=.*"Everything\.broken")(?=.*error_type="Broken").*\} 1/,
        );
      }));

    it('times and measures nothing that it shall not', () =>
      withApp({ http: false, handlers: false }, async (url, metrics) => {
        expect((await ask(`${url}/users/1`)).body).to.equal('a user');

        const page = await metrics.page();
        expect(page).not.to.include('perf_operation_duration');
        expect(page).not.to.include('http_server');
      }));

    it('refuses by the priority of handlers and controllers, and never health checks', () =>
      withApp({ loadShedder: refusing(50) }, async (url, metrics) => {
        const refused = await fetch(`${url}/users/1`);
        expect([refused.status, refused.headers.get('retry-after')]).to.deep.equal([503, '4']);
        expect(await refused.json()).to.deep.equal({
          statusCode: 503,
          message: 'Everything.user: the process is overloaded; try again in 4000 ms',
        });
        expect((await ask(`${url}/users/1`, { method: 'POST' })).status).to.equal(201);
        expect((await ask(`${url}/shops/7/items/8`)).status).to.equal(200);
        expect((await ask(`${url}/healthz`)).status).to.equal(200);
        await metrics.expectRequests({
          'GET /users/:id 503': 1,
          'POST /users/:id 201': 1,
          'GET /shops/:shop/items/:item 200': 1,
          'GET /healthz 200': 1,
        });
      }));

    it('ends everything with the application', async () => {
      const metrics = new Metrics();
      const { app, stop } = await start(adapter, metrics);
      const tasks = app.get(BackgroundTaskManager);
      await stop();

      expect(() => tasks.submit('late', () => 1)).to.throw(/takes nothing more|closed/);
      const again = await start(adapter, metrics);
      expect(again.app.get(BackgroundTaskManager)).not.to.equal(tasks);
      await again.stop();
      await metrics.provider.shutdown();
    });
  });
}

describe('PerformanceModule', () => {
  it('tells of options it does not know when the application is created', async () => {
    class App {}
    Module({ imports: [PerformanceModule.forRoot({ nothing: 1 } as PerformanceModuleOptions)] })(App);
    const failed = NestFactory.create(App, new ExpressAdapter(), { logger: false, abortOnError: false });
    expect(await failed.then(String, String)).to.match(/startPerformance option name/);
    expect(() => PerformanceModule.forRoot({ handlers: 1 as never })).to.throw(/handlers/);
    expect(() => ShedPriority(101)).to.throw(/from -100 to 100/);
  });

  it('is injected by its token', async () => {
    class Needs {
      readonly performance: Performance;
      constructor(performance: Performance) {
        this.performance = performance;
      }
    }
    Inject(PERFORMANCE)(Needs, undefined, 0);
    class App {}
    Module({
      imports: [
        PerformanceModule.forRoot({ prometheus: false, registerGlobal: false, optimizer: { auto: false } }),
      ],
      providers: [Needs],
    })(App);
    const app = await NestFactory.createApplicationContext(App, { logger: false });
    expect(app.get(Needs).performance).to.equal(app.get(PERFORMANCE));
    await app.close();
  });
});
