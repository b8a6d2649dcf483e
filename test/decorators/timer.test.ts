import { expect } from 'chai';
import { asyncTimer, timer } from '../../src/decorators/timer.js';
import { forgetDefaults, getPerformanceMonitor } from '../../src/defaults.js';
import { InvalidOptionError } from '../../src/errors.js';
import { instrumentsOf } from '../../src/telemetry/instruments.js';

const countOf = (operation: string) =>
  getPerformanceMonitor().getPerformanceSummary().operationMetrics[operation]?.count ?? 0;

describe('@timer', () => {
  beforeEach(forgetDefaults);
  afterEach(() => {
    forgetDefaults();
    Reflect.deleteProperty(process.env, 'PERF_METRICS_MAX_HISTORY');
  });

  it('looks up the monitor when the function is called, not when it is decorated', () => {
    const call = timer('late')(() => 1);
    call();
    const before = countOf('late');
    forgetDefaults();

    call();

    expect([before, countOf('late')]).to.deep.equal([1, 1]);
  });

  it('names the operation after the function when nobody does', () => {
    function computeTax() {
      return 1;
    }

    timer()(computeTax)();

    expect(countOf('computeTax')).to.equal(1);
  });

  it('puts its tags on the series', () => {
    timer('tagged', { table: 'users' })(() => 1)();

    const reading = instrumentsOf()
      .read()
      .find(({ attributes }) => attributes['perf.operation.name'] === 'tagged');
    expect(reading?.attributes).to.deep.equal({ 'perf.operation.name': 'tagged', table: 'users' });
  });

  it('is asyncTimer as well', async () => {
    await asyncTimer('async')(async () => Promise.resolve(1))();

    expect(countOf('async')).to.equal(1);
  });

  it('does not break calls when the settings cannot be used, and warns once', async () => {
    const warnings: string[] = [];
    const listen = (warning: Error) => void warnings.push(warning.message);
    process.on('warning', listen);
    process.env['PERF_METRICS_MAX_HISTORY'] = 'plenty';

    const results = [timer('broken')(() => 1)(), timer('broken')(() => 2)()];

    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    expect(results).to.deep.equal([1, 2]);
    expect(warnings.filter((text) => text.includes('PERF_METRICS_MAX_HISTORY must be'))).to.have.lengthOf(1);
  });

  it('refuses names that are none', () => {
    for (const name of ['', 7, null]) {
      expect(() => timer(name as never)).to.throw(
        InvalidOptionError,
        'operation name must be a text that is not empty',
      );
    }
  });
});
