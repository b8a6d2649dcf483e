import { context, metrics, ROOT_CONTEXT, type Context, type ContextManager } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { MeterProvider, type PushMetricExporter, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { AsyncLocalStorage } from 'node:async_hooks';
import { TimeoutError } from '../../../src/errors.js';
import { PushReader } from '../../../src/export/push/push-reader.js';
import { CellMeterProvider } from '../../../src/telemetry/provider/cell-meter-provider.js';
import { captureNotices, type CapturedNotices } from '../../fakes/captured-notices.js';
import { FakeClock } from '../../fakes/fake-clock.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';
import { PullReader } from '../../../src/telemetry/provider/pull-reader.js';

type Answer = 'ok' | 'no answer' | Error;

/** Takes what it is given and answers as the test says. */
class ScriptedExporter implements PushMetricExporter {
  readonly given: ResourceMetrics[] = [];
  answer: Answer = 'ok';
  isShutDown = false;
  wasTraced: boolean | undefined;
  readonly #open: (() => void)[] = [];

  export(batch: ResourceMetrics, done: (result: { code: number; error?: Error }) => void): void {
    this.given.push(batch);
    this.wasTraced = !isTracingSuppressed(context.active());
    const { answer } = this;
    if (answer === 'no answer') this.#open.push(() => done({ code: 0 }));
    else done(answer === 'ok' ? { code: 0 } : { code: 1, error: answer });
  }

  answerAll(): void {
    for (const answer of this.#open.splice(0)) answer();
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {
    this.isShutDown = true;
  }
}

describe('PushReader', () => {
  let notices: CapturedNotices;
  beforeEach(() => (notices = captureNotices()));
  afterEach(() => {
    notices.release();
    metrics.disable();
  });

  /** One push each 10 s, given up after 2 s. */
  function pushing({ answer = 'ok', kind = 'cells' }: { answer?: Answer; kind?: 'cells' | 'sdk' } = {}) {
    const clock = new FakeClock();
    const exporter = new ScriptedExporter();
    exporter.answer = answer;
    const component = 'otlp_http_metric_exporter';
    const times = { intervalMs: 10_000, timeoutMs: 2000, clock };
    const reader = new PushReader({ exporter, component, target: 'the collector', ...times });
    const pull = new PullReader();
    const readers = [reader, pull];
    const provider = kind === 'cells' ? new CellMeterProvider({ readers }) : new MeterProvider({ readers });
    reader.measureInto(provider);
    provider.getMeter('shop').createCounter('orders').add(1);
    const pass = async (seconds: number) => {
      for (let left = seconds; left > 0; left -= 1) {
        clock.advance(1);
        await turnOfLoop();
      }
    };
    return { clock, exporter, reader, pull, provider, pass };
  }

  const durations = async (pull: PullReader) => {
    const { resourceMetrics } = await pull.collect();
    const metric = resourceMetrics.scopeMetrics
      .flatMap((scope) => scope.metrics)
      .find(({ descriptor }) => descriptor.name === 'otel.sdk.exporter.operation.duration');
    return (metric?.dataPoints ?? []).map(({ attributes, value }) => ({
      error: attributes['error.type'],
      component: attributes['otel.component.type'],
      count: (value as { count: number }).count,
      sum: (value as { sum: number }).sum,
    }));
  };

  for (const kind of ['cells', 'sdk'] as const) {
    it(`pushes each interval what a provider of ${kind} has`, async () => {
      const { exporter, pass, provider } = pushing({ kind });

      await pass(25);

      expect(exporter.given).to.have.length(2);
      const names = exporter.given[0]!.scopeMetrics.flatMap((scope) =>
        scope.metrics.map(({ descriptor }) => descriptor.name),
      );
      expect(names).to.include('orders');
      expect(notices.said).to.deep.equal([]);
      await provider.shutdown();
      expect(exporter.given).to.have.length(3);
      expect(exporter.isShutDown).to.equal(true);
    });
  }

  it('says once that pushes fail, and once that they work again', async () => {
    const { exporter, pass } = pushing({ answer: new Error('connect ECONNREFUSED') });

    await pass(50);
    expect(notices.said).to.have.length(1);
    expect(notices.said[0]).to.match(/^pushing metrics to the collector fails: connect ECONNREFUSED; /);
    exporter.answer = 'ok';
    await pass(20);
    exporter.answer = new Error('503');
    await pass(20);

    expect(notices.said.slice(1)).to.have.length(2);
    expect(notices.said[1]).to.equal('pushing metrics to the collector works again, after 5 that failed');
    expect(notices.said[2]).to.match(/fails: 503;/);
  });

  it('measures pushes by how they ended', async () => {
    const { exporter, pass, pull } = pushing();

    await pass(10);
    exporter.answer = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    await pass(10);
    exporter.answer = 'no answer';
    await pass(14);

    const component = 'otlp_http_metric_exporter';
    expect(await durations(pull)).to.have.deep.members([
      { error: undefined, component, count: 1, sum: 0 },
      { error: 'connection', component, count: 1, sum: 0 },
      { error: 'timeout', component, count: 1, sum: 2 },
    ]);
  });

  it('gives an exporter that never answers only so much to hold, and starts again when it does', async () => {
    const { exporter, pass } = pushing({ answer: 'no answer' });

    await pass(200);
    expect(exporter.given).to.have.length(3);
    expect(notices.said).to.have.length(1);

    exporter.answer = 'ok';
    exporter.answerAll();
    await pass(20);

    expect(exporter.given.length).to.be.above(3);
    expect(notices.said[1]).to.match(/works again/);
  });

  it('survives an exporter that throws, and a provider that does', async () => {
    const { exporter, reader, pass, pull } = pushing();
    exporter.export = () => {
      throw new TypeError('not today');
    };
    await pass(10);
    reader.collect = () => Promise.reject(new RangeError('no'));
    await pass(10);

    expect((await durations(pull)).map(({ error, count }) => [error, count])).to.deep.equal([['other', 2]]);
    expect(notices.said).to.have.length(1);
  });

  it('makes no spans of its pushes', async () => {
    const store = new AsyncLocalStorage<Context>();
    const manager: Omit<ContextManager, 'bind' | 'enable'> = {
      active: () => store.getStore() ?? ROOT_CONTEXT,
      with: (given, run, self, ...args) => store.run(given, () => run.call(self as never, ...args)),
      disable: () => manager as ContextManager,
    };
    context.setGlobalContextManager(manager as ContextManager);
    try {
      const { exporter, pass } = pushing();
      await pass(10);
      expect(exporter.wasTraced).to.equal(false);
    } finally {
      context.disable();
    }
  });

  it('rejects a flush that fails, and resolves the next one', async () => {
    const { exporter, reader } = pushing({ answer: new Error('503') });

    expect(await reader.forceFlush().catch(String)).to.equal('Error: 503');
    exporter.answer = 'ok';

    await reader.forceFlush();
    expect(exporter.given).to.have.length(2);
  });

  it('lets flushes that come together share a push, after the one that is under way', async () => {
    const { exporter, reader, pass } = pushing({ answer: 'no answer' });
    await pass(10);
    exporter.answer = 'ok';

    const flushes = [reader.forceFlush(), reader.forceFlush()];
    await turnOfLoop();
    expect(exporter.given).to.have.length(1);
    exporter.answerAll();
    await Promise.all(flushes);

    expect(exporter.given).to.have.length(2);
  });

  it('ends within the time it is given, whatever the collector does, and leaves no timer', async () => {
    const { clock, reader, provider, pass } = pushing({ answer: 'no answer' });
    void provider;
    const ended = reader.shutdown({ timeoutMillis: 500 }).catch((error: unknown) => error);
    await turnOfLoop();

    clock.advance(0.5);
    await pass(1);

    expect(await ended).to.be.instanceOf(TimeoutError);
    expect(clock.timers).to.equal(0);
    await reader.shutdown();
    await reader.forceFlush();
  });

  it('never waits longer for a push than the interval', async () => {
    const clock = new FakeClock();
    const exporter = new ScriptedExporter();
    exporter.answer = 'no answer';
    const component = 'console_metric_exporter';
    const times = { intervalMs: 1000, timeoutMs: 30_000, clock };
    const reader = new PushReader({ exporter, component, target: 'the console', ...times });
    const provider = new CellMeterProvider({ readers: [reader] });
    provider.getMeter('shop').createCounter('orders').add(1);

    const flushed = reader.forceFlush().catch((error: unknown) => error);
    await turnOfLoop();
    clock.advance(1);

    expect(await flushed)
      .to.be.instanceOf(TimeoutError)
      .with.property('timeout', 1);
  });

  it('waits for a resource that is still being found out', async () => {
    const { exporter, reader } = pushing();
    let settle = () => {};
    const waiting = new Promise<void>((resolve) => (settle = resolve));
    const { collect } = reader;
    reader.collect = async () => {
      const result = await collect.call(reader);
      const resource = { asyncAttributesPending: true, waitForAsyncAttributes: () => waiting };
      return {
        ...result,
        resourceMetrics: { ...result.resourceMetrics, resource },
      } as unknown as typeof result;
    };

    const flushed = reader.forceFlush();
    await turnOfLoop();
    expect(exporter.given).to.have.length(0);
    settle();
    await flushed;

    expect(exporter.given).to.have.length(1);
  });
});
