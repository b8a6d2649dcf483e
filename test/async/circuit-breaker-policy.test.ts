import { expect } from 'chai';
import {
  CircuitBreakerPolicy,
  type CircuitBreakerPolicyOptions,
} from '../../src/async/circuit-breaker-policy.js';
import { withTimeout } from '../../src/async/timeout.js';
import { CircuitOpenError, InvalidOptionError } from '../../src/errors.js';
import { captureMetrics, seriesOf } from '../fakes/captured-telemetry.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { turnOfLoop } from '../fakes/turn-of-loop.js';

describe('CircuitBreakerPolicy', () => {
  const error = new Error('down');
  const fail = () => Promise.reject(error);
  const succeed = async () => 'up';
  const never = () => new Promise<never>(() => {});

  /** Opens with the second failure, for 1 s, at most for 4 s; no jitter. */
  function breakerWith(options: Partial<CircuitBreakerPolicyOptions> = {}) {
    const clock = new FakeClock();
    const breaker = new CircuitBreakerPolicy({
      name: 'db',
      failures: 2,
      firstWindow: 1,
      maxWindow: 4,
      clock,
      random: () => 0.5,
      ...options,
    });
    const thrownBy = (work: () => unknown, signal?: AbortSignal): Promise<unknown> =>
      breaker.execute(work, signal).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    const open = async () => {
      while (breaker.state === 'closed') await thrownBy(fail);
    };
    return { breaker, clock, thrownBy, open };
  }

  it('passes results and errors unchanged, also of work that makes no promise', async () => {
    const { breaker, thrownBy } = breakerWith({ failures: 9 });
    const throwing = () => {
      throw error;
    };

    expect([await breaker.execute(succeed), await breaker.execute(() => 1)]).to.deep.equal(['up', 1]);
    expect([await thrownBy(fail), await thrownBy(throwing)]).to.deep.equal([error, error]);
  });

  it('opens with so many failures in a row, and then does not call', async () => {
    const { breaker, thrownBy, clock } = breakerWith();
    let calls = 0;
    await thrownBy(fail);
    await breaker.execute(succeed);
    await thrownBy(fail);
    const before = breaker.state;
    await thrownBy(fail);
    clock.advance(0.25);

    const refusal = await thrownBy(() => (calls += 1));

    expect([before, breaker.state, calls]).to.deep.equal(['closed', 'open', 0]);
    expect(refusal).to.be.instanceOf(CircuitOpenError);
    expect(refusal).to.include({ code: 'PERF_CIRCUIT_OPEN', breaker: 'db', retryAfterMs: 750 });
  });

  it('lets one call try when the window is over; its success closes it', async () => {
    const { breaker, clock, thrownBy, open } = breakerWith();
    await open();
    clock.advance(1);

    const [trial, other] = await Promise.all([breaker.execute(succeed), thrownBy(succeed)]);

    expect(trial).to.equal('up');
    expect(other).to.be.instanceOf(CircuitOpenError).with.property('retryAfterMs', 1000);
    expect(breaker.state).to.equal('closed');
  });

  it('opens for twice as long when the one that tries fails', async () => {
    const { clock, thrownBy, open } = breakerWith();
    await open();
    clock.advance(1);

    await thrownBy(fail);

    expect(await thrownBy(succeed)).to.have.property('retryAfterMs', 2000);
  });

  it('does not stay half open when the one that tries never ends', async () => {
    const { breaker, clock, thrownBy, open } = breakerWith();
    await open();
    clock.advance(1);
    void breaker.execute(never);

    clock.advance(3.999);
    const early = await thrownBy(succeed);
    clock.advance(0.001);
    const refusal = await thrownBy(succeed);
    clock.advance(2);
    const value = await breaker.execute(succeed);

    expect(early).to.be.instanceOf(CircuitOpenError);
    expect(refusal).to.have.property('retryAfterMs', 2000);
    expect([value, breaker.state]).to.deep.equal(['up', 'closed']);
  });

  it('takes no notice of how calls end that began before it opened', async () => {
    const { breaker, clock, open } = breakerWith();
    let end: (value: string) => void = () => {};
    const old = breaker.execute(() => new Promise((resolve) => (end = resolve)));
    await open();
    clock.advance(1);
    void breaker.execute(never);

    end('late');
    await old;

    expect(breaker.state).to.equal('half_open');
  });

  it('learns nothing from mistakes in the program and from callers who left', async () => {
    const { breaker, clock, thrownBy, open } = breakerWith();
    const mistake = () => {
      throw new TypeError('x is not a function');
    };
    for (let i = 0; i < 5; i++) await thrownBy(mistake);
    for (let i = 0; i < 5; i++) await thrownBy(fail, AbortSignal.abort());
    const before = breaker.state;
    await open();
    clock.advance(1);

    await thrownBy(mistake);
    const value = await breaker.execute(succeed);

    expect([before, value, breaker.state]).to.deep.equal(['closed', 'up', 'closed']);
  });

  it('takes time that is up for a failure', async () => {
    const { breaker, clock } = breakerWith({ failures: 1 });
    const obedient = ({ signal }: { readonly signal: AbortSignal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
    const waiting = withTimeout(() => breaker.execute(obedient), 1, { clock }).catch(() => {});

    clock.advance(1);
    await waiting;
    await turnOfLoop();

    expect(breaker.state).to.equal('open');
  });

  it('takes answers that are no failure for signs of life', async () => {
    const missing = () => Promise.reject(Object.assign(new Error('not found'), { status: 404 }));
    const declined = Object.assign(new Error('declined'), { code: 'DECLINED' });
    const standard = breakerWith({ failures: 1 });
    const own = breakerWith({ failures: 1, isFailure: (thrown) => thrown !== declined });

    await standard.thrownBy(missing);
    await own.thrownBy(() => Promise.reject(declined));

    expect([standard.breaker.state, own.breaker.state]).to.deep.equal(['closed', 'closed']);
  });

  it('hands out a signal in any case: the given one, that of the deadline around, or its own', async () => {
    const { breaker, clock } = breakerWith();
    const given = new AbortController().signal;
    const signalOf = (signal?: AbortSignal) => breaker.execute((context) => context.signal, signal);

    const around = await withTimeout(async (deadline) => (await signalOf()) === deadline.signal, 1, {
      clock,
    });

    expect([await signalOf(given), around, (await signalOf()).aborted]).to.deep.equal([given, true, false]);
  });

  it('reports its state and how calls went', async () => {
    const telemetry = captureMetrics();
    const { breaker, thrownBy, open } = breakerWith({ meterProvider: telemetry.provider });
    await breaker.execute(succeed);
    await thrownBy(() => Promise.reject(new TypeError('x')));
    await open();
    await thrownBy(succeed);

    const collected = await telemetry.collect();
    await telemetry.shutdown();

    const values = (name: string, attribute: string) =>
      Object.fromEntries(
        seriesOf(collected, name).map(({ attributes, value }) => [attributes[attribute], value]),
      );
    expect(values('perf.breaker.calls', 'perf.breaker.outcome')).to.deep.equal({
      succeeded: 1,
      undecided: 1,
      failed: 2,
      refused: 1,
    });
    expect(values('perf.breaker.state', 'perf.breaker.state')).to.deep.equal({
      closed: 0,
      open: 1,
      half_open: 0,
    });
  });

  it('says which option is wrong', () => {
    const misuses: object[] = [
      {},
      { name: '' },
      { name: 'x', failures: 0 },
      { name: 'x', firstWindow: 0 },
      { name: 'x', maxWindow: 'long' },
      { name: 'x', isFailure: 1 },
      { name: 'x', threshold: 3 },
    ];
    for (const options of misuses)
      expect(() => new CircuitBreakerPolicy(options as CircuitBreakerPolicyOptions)).to.throw(
        InvalidOptionError,
      );
  });
});
