import { context, trace } from '@opentelemetry/api';
import { expect } from 'chai';
import { eventsAreLogged, logEvent } from '../../src/telemetry/event-log.js';
import { captureLogs, logs } from '../fakes/captured-logs.js';

const event = {
  name: 'perf.optimizer.decision',
  body: 'memory: hold, pressure is low',
  attributes: { 'perf.optimizer.action': 'memory' },
  time: Date.UTC(2026, 10, 22),
};

describe('logEvent', () => {
  afterEach(() => logs.disable());

  it('does nothing when nobody listens', async () => {
    logEvent(event);
    await eventsAreLogged();
  });

  it('writes a log record with name, time, severity and attributes', async () => {
    const logged = captureLogs();
    logEvent({ ...event, severity: 'warn' });
    const [record] = await logged();
    expect(record).to.include({
      eventName: event.name,
      body: event.body,
      severityNumber: 13,
      severityText: 'WARN',
    });
    expect(record!.attributes).to.deep.equal(event.attributes);
    expect(record!.hrTime).to.deep.equal([event.time / 1000, 0]);
    expect(record!.instrumentationScope.name).to.equal('@gary-zero/performance');
  });

  it('does not let a logger that throws fail the caller', async () => {
    const failing = () => {
      throw new Error('no logs today');
    };
    logs.setGlobalLoggerProvider({ getLogger: failing });
    logEvent(event);
    await eventsAreLogged();
  });

  it('writes an event onto the active span', async () => {
    const events: unknown[][] = [];
    const span = { addEvent: (...given: unknown[]) => events.push(given) };
    const active = trace.setSpan(context.active(), span as never);
    const manager = {
      active: () => active,
      with: () => {},
      bind: () => {},
      enable: () => {},
      disable: () => {},
    };
    context.setGlobalContextManager(manager as never);
    try {
      logEvent(event);
    } finally {
      context.disable();
    }
    await eventsAreLogged();
    expect(events).to.deep.equal([[event.name, event.attributes, event.time]]);
  });
});
