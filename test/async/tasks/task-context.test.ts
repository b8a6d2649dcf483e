import { AsyncLocalStorage } from 'node:async_hooks';
import {
  context,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
  type Tracer,
} from '@opentelemetry/api';
import { expect } from 'chai';
import { currentDeadline } from '../../../src/async/time-scope.js';
import { withTimeout } from '../../../src/async/timeout.js';
import { turnOfLoop } from '../../fakes/turn-of-loop.js';
import { gate, tasksWith } from './tasks-with.js';

describe('what a task runs within', () => {
  it('is the AsyncLocalStorage of its own submitter, whoever frees its place', async () => {
    const { tasks } = tasksWith({ limit: 1 });
    const request = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const work = async () => {
      await turnOfLoop();
      seen.push(request.getStore());
    };
    const ids = [
      ...['a', 'b', 'c'].map((name) => request.run(name, () => tasks.submit('task', work))),
      tasks.submit('task', work),
    ];

    await Promise.all(ids.map((id) => tasks.wait(id)));

    expect(seen).to.deep.equal(['a', 'b', 'c', undefined]);
  });

  it('is not the deadline of its submitter', async () => {
    const { tasks, clock } = tasksWith({ limit: 1 });
    const seen: unknown[] = [];
    const slow = gate();
    const ids = await withTimeout(
      async () => [
        tasks.submit('task', async () => {
          seen.push(currentDeadline());
          await slow.work();
        }),
        tasks.submit('task', () => seen.push(currentDeadline())),
      ],
      1,
      { clock },
    );
    await slow.begun;
    clock.advance(5);
    slow.open();
    await Promise.all(ids.map((id) => tasks.wait(id)));

    expect(seen).to.deep.equal([undefined, undefined]);
  });

  describe('with tracing', () => {
    const storage = new AsyncLocalStorage<Context>();
    let spans: RecordedSpan[];

    beforeEach(() => {
      spans = [];
      const startSpan: Tracer['startSpan'] = (name, options) => {
        const recorded = new RecordedSpan(name, options, spans.length + 1);
        spans.push(recorded);
        return recorded.span;
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
    afterEach(() => {
      trace.disable();
      context.disable();
    });

    it('is a span of its own: the root of a trace, with a link to where it comes from', async () => {
      const { tasks } = tasksWith({ limit: 1 });
      const origin: SpanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
      const active = trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext(origin));
      const key = Symbol('key');
      const seen: unknown[] = [];
      const work = async () => {
        await turnOfLoop();
        seen.push([trace.getActiveSpan()?.spanContext().spanId, context.active().getValue(key)]);
      };

      const ids = context.with(active.setValue(key, 'kept'), () => [
        tasks.submit('a', work),
        tasks.submit('b', work),
      ]);
      await Promise.all(ids.map((id) => tasks.wait(id)));

      expect(spans.map(({ name, options }) => [name, options.root, options.links])).to.deep.equal([
        ['task a', true, [{ context: origin }]],
        ['task b', true, [{ context: origin }]],
      ]);
      expect(seen).to.deep.equal(spans.map(({ id }) => [id, 'kept']));
      expect(spans.map(({ hasEnded }) => hasEnded)).to.deep.equal([true, true]);
      expect(spans[0]!.options.attributes).to.deep.equal({ 'perf.task.id': ids[0], 'perf.task.attempt': 1 });
    });

    it('is one span for each attempt, none within that of the submitter', async () => {
      const { tasks, clock } = tasksWith();
      const origin = new RecordedSpan('request', {}, 9);
      const retry = { delay: 1, jitter: 'none', budget: false } as const;
      const flaky = ({ attempt }: { readonly attempt: number }) => {
        if (attempt === 1) throw Object.assign(new Error('no'), { name: 'Flaky' });
      };

      const id = context.with(trace.setSpan(ROOT_CONTEXT, origin.span), () =>
        tasks.submit('flaky', flaky, { retry }),
      );
      await turnOfLoop();
      clock.advance(1.1);
      await tasks.wait(id);

      expect(spans.map(({ options }) => options.attributes?.['perf.task.attempt'])).to.deep.equal([1, 2]);
      expect(spans.map(({ options }) => options.links?.[0]?.context.spanId)).to.deep.equal([
        origin.id,
        origin.id,
      ]);
      expect(spans.map(({ failure }) => failure)).to.deep.equal(['Flaky', undefined]);
      expect(origin.events, 'the request may be over').to.deep.equal([]);
    });
  });
});

/** A span that remembers what it is told, without the tracing SDK. */
class RecordedSpan {
  readonly name: string;
  readonly options: SpanOptions;
  readonly id: string;
  readonly events: string[] = [];
  failure: string | undefined;
  hasEnded = false;

  constructor(name: string, options: SpanOptions = {}, number = 1) {
    this.name = name;
    this.options = options;
    this.id = String(number).padStart(16, '0');
  }

  get span(): Span {
    return this as unknown as Span;
  }

  spanContext(): SpanContext {
    return { traceId: '1'.repeat(32), spanId: this.id, traceFlags: 1 };
  }

  setStatus({ code, message }: SpanStatus): void {
    if (code === SpanStatusCode.ERROR) this.failure = message;
  }

  addEvent(event: string): void {
    this.events.push(event);
  }

  setAttribute(): void {}
  setAttributes(): void {}
  recordException(): void {}

  end(): void {
    this.hasEnded = true;
  }
}
