import { expect } from 'chai';
import { InvalidOptionError } from '../../src/errors.js';
import { alertsFor, checkThresholds, type AlertThresholds } from '../../src/monitor/alerts.js';
import type { OperationMetrics } from '../../src/monitor/summary.js';
import type { ResourceAverages } from '../../src/resources/snapshot.js';

const CALM = {
  cpuPercent: 10,
  memoryPercent: 10,
  heapPercent: 10,
  eventLoopUtilization: 0.1,
  samples: 10,
} as ResourceAverages;
const FINE: OperationMetrics = {
  count: 100,
  errors: 0,
  rate: 1,
  avgDuration: 0.1,
  minDuration: 0.1,
  maxDuration: 0.1,
  p50: 0.1,
  p95: 0.1,
  p99: 0.1,
};

describe('alertsFor', () => {
  it('says nothing about a calm process', () => {
    expect(alertsFor(checkThresholds(undefined), { average: CALM }, { checkout: FINE })).to.deep.equal([]);
  });

  it('says nothing while nothing was measured', () => {
    expect(alertsFor(checkThresholds(undefined), {}, {})).to.deep.equal([]);
  });

  describe('raises one alert when', () => {
    type Case = readonly [
      what: string,
      name: keyof AlertThresholds,
      severity: string,
      average: Partial<ResourceAverages>,
      operation: Partial<OperationMetrics>,
    ];
    const cases: readonly Case[] = [
      ['the CPU is busy', 'cpuPercent', 'warning', { cpuPercent: 91 }, {}],
      ['memory is short', 'memoryPercent', 'critical', { memoryPercent: 91 }, {}],
      ['the heap is nearly full', 'heapPercent', 'critical', { heapPercent: 91 }, {}],
      ['the event loop is busy', 'eventLoopUtilization', 'critical', { eventLoopUtilization: 0.91 }, {}],
      ['an operation fails', 'errorRatio', 'critical', {}, { errors: 6 }],
      ['an operation is slow', 'p95Duration', 'warning', {}, { p95: 2.5 }],
    ];
    for (const [what, name, severity, average, operation] of cases) {
      it(what, () => {
        const thresholds = checkThresholds({ p95Duration: 2 });

        const alerts = alertsFor(
          thresholds,
          { average: { ...CALM, ...average } },
          { checkout: { ...FINE, ...operation } },
        );

        expect(alerts.map((alert) => [alert.name, alert.severity])).to.deep.equal([[name, severity]]);
        expect(alerts[0]!.value).to.be.above(alerts[0]!.threshold);
      });
    }

    it('and stays silent at the threshold itself', () => {
      const average = {
        ...CALM,
        cpuPercent: 90,
        memoryPercent: 90,
        heapPercent: 90,
        eventLoopUtilization: 0.9,
      };

      const alerts = alertsFor(
        checkThresholds({ p95Duration: 2 }),
        { average },
        { checkout: { ...FINE, errors: 5, p95: 2 } },
      );

      expect(alerts).to.deep.equal([]);
    });
  });

  it('names the operation, the value and the threshold', () => {
    const [alert] = alertsFor(checkThresholds(undefined), {}, { checkout: { ...FINE, errors: 33 } });

    expect(alert).to.deep.equal({
      severity: 'critical',
      name: 'errorRatio',
      operation: 'checkout',
      value: 0.33,
      threshold: 0.05,
      message: 'error ratio of checkout is 0.33, above 0.05',
    });
  });

  it('waits for three samples of the resources', () => {
    const average = { ...CALM, cpuPercent: 100, samples: 2 };

    expect(alertsFor(checkThresholds(undefined), { average }, {})).to.deep.equal([]);
  });

  it('waits for twenty calls of an operation', () => {
    const failing = { ...FINE, count: 19, errors: 19, p95: 100 };

    expect(alertsFor(checkThresholds({ p95Duration: 1 }), {}, { checkout: failing })).to.deep.equal([]);
  });

  it('is turned off by Infinity', () => {
    const off: AlertThresholds = {
      cpuPercent: Infinity,
      memoryPercent: Infinity,
      heapPercent: Infinity,
      eventLoopUtilization: Infinity,
      errorRatio: Infinity,
      p95Duration: Infinity,
    };
    const average = {
      ...CALM,
      cpuPercent: 100,
      memoryPercent: 100,
      heapPercent: 100,
      eventLoopUtilization: 1,
    };

    const alerts = alertsFor(
      checkThresholds(off),
      { average },
      { checkout: { ...FINE, errors: 100, p95: 1e9 } },
    );

    expect(alerts).to.deep.equal([]);
  });
});

describe('checkThresholds', () => {
  it('keeps the defaults of what is not given', () => {
    expect(checkThresholds({ cpuPercent: 50, errorRatio: undefined as never })).to.deep.equal({
      cpuPercent: 50,
      memoryPercent: 90,
      heapPercent: 90,
      eventLoopUtilization: 0.9,
      errorRatio: 0.05,
      p95Duration: Infinity,
    });
  });

  it('refuses what is no number above 0, and names it does not know', () => {
    for (const value of [0, -1, Number.NaN, '90', null])
      expect(() => checkThresholds({ cpuPercent: value as never })).to.throw(
        InvalidOptionError,
        'alerts.cpuPercent',
      );
    expect(() => checkThresholds({ cpu: 90 } as never)).to.throw(InvalidOptionError, 'cpu');
    expect(() => checkThresholds(90 as never)).to.throw(InvalidOptionError, 'an object');
  });
});
