import { AsyncLocalStorage } from 'node:async_hooks';
import {
  context,
  ROOT_CONTEXT,
  trace,
  type Context,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api';
import { expect } from 'chai';
import { defineTask } from '../../../src/async/tasks/define-task.js';
import { needsServer, startRedis, type RunningRedis } from '../../e2e/servers.js';
import { DurableQueue } from './durable-queues.js';

describe('the trace of a durable task', () => {
  const storage = new AsyncLocalStorage<Context>();
  let server: RunningRedis;
  let queue: DurableQueue;
  let spans: { readonly name: string; readonly options: SpanOptions | undefined }[];

  before(async function () {
    needsServer(this, 'redis-server');
    server = await startRedis();
  });
  after(() => server?.stop());

  beforeEach(() => {
    queue = new DurableQueue(() => server.url);
    spans = [];
    const startSpan: Tracer['startSpan'] = (name, options) => {
      spans.push({ name, options });
      const own: SpanContext = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
      const does = () => undefined;
      return { spanContext: () => own, setStatus: does, setAttribute: does, end: does } as unknown as Span;
    };
    const tracer = { startSpan } as Tracer;
    trace.setGlobalTracerProvider({ getTracer: () => tracer });
    context.setGlobalContextManager({
      active: () => storage.getStore() ?? ROOT_CONTEXT,
      with: (active, fn, self, ...args) => storage.run(active, () => fn.apply(self, args)),
      bind: (_, target) => target,
      enable: () => context as never,
      disable: () => context as never,
    });
  });
  afterEach(async () => {
    trace.disable();
    context.disable();
    await queue.close();
  });

  it('is its own, with a link to what submitted it in another process', async () => {
    const active: (string | undefined)[] = [];
    const task = defineTask({
      name: 'mail',
      handler: async () => {
        await Promise.resolve();
        active.push(trace.getActiveSpan()?.spanContext().spanId);
      },
    });
    const origin: SpanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    const request = trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext(origin));
    const [worker, submitter] = [queue.worker(), queue.submitter()];
    // The worker is made in a request, too, which its tasks must not see.
    context.with(request, () => worker.register(task));
    submitter.register(task);

    const id = await context.with(request, () => submitter.submit(task, {}));
    await submitter.wait(id);
    await submitter.wait(await submitter.submit(task, {}));

    expect(spans.map(({ name, options }) => [name, options?.root, options?.links])).to.deep.equal([
      ['task mail', true, [{ context: { ...origin, isRemote: true } }]],
      ['task mail', true, []],
    ]);
    expect(spans[0]?.options?.attributes).to.deep.equal({ 'perf.task.id': id, 'perf.task.attempt': 1 });
    expect(active).to.deep.equal(['2'.repeat(16), '2'.repeat(16)]);
  });

  it('is not within the AsyncLocalStorage of what made the worker', async () => {
    const request = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const task = defineTask({ name: 'task', handler: () => void seen.push(request.getStore()) });
    const worker = queue.worker();
    request.run('a request', () => worker.register(task));

    await worker.wait(await worker.submit(task, {}));

    expect(seen).to.deep.equal([undefined]);
  });
});
