import { expect } from 'chai';
import { History } from '../../src/monitor/history.js';
import { Operation } from '../../src/monitor/operation.js';
import { operationDuration } from '../../src/telemetry/catalogue.js';
import { Instruments } from '../../src/telemetry/instruments.js';
import { captureMetrics, seriesOf, type CollectedHistogram } from '../fakes/captured-telemetry.js';
import { FakeClock } from '../fakes/fake-clock.js';

describe('Operation', () => {
  it('records durations under its name, with tags', async () => {
    const { operation, exported } = operating();

    operation.recorder().succeeded(1);
    operation.recorder({ table: 'users' }).succeeded(2);

    expect(await exported()).to.deep.equal([
      [{ 'perf.operation.name': 'lookup' }, 1],
      [{ 'perf.operation.name': 'lookup', table: 'users' }, 1],
    ]);
  });

  it('adds the type of the error to those that failed', async () => {
    const { operation, exported } = operating();
    const recorder = operation.recorder({ table: 'users' });

    recorder.failed(1, new TypeError('user 7'));
    recorder.failed(1, 'user 8');

    expect(await exported()).to.deep.equal([
      [{ 'perf.operation.name': 'lookup', table: 'users', 'error.type': 'TypeError' }, 1],
      [{ 'perf.operation.name': 'lookup', table: 'users', 'error.type': '_OTHER' }, 1],
    ]);
  });

  it('cannot be renamed by a tag', async () => {
    const { operation, exported } = operating();

    operation.recorder({ 'perf.operation.name': 'other' }).succeeded(1);

    expect(await exported()).to.deep.equal([[{ 'perf.operation.name': 'lookup' }, 1]]);
  });

  it('has one recorder for equal tags, and takes null for none', () => {
    const { operation } = operating();

    expect(operation.recorder({ table: 'users' })).to.equal(operation.recorder({ table: 'users' }));
    expect(operation.recorder(null as never)).to.equal(operation.recorder());
    expect(operation.recorder({})).to.equal(operation.recorder());
  });

  it('keeps one history for all tags, errors apart', () => {
    const { operation, history } = operating();

    operation.recorder({ table: 'users' }).succeeded(1);
    operation.recorder({ table: 'orders' }).failed(3, new Error('x'));

    expect(history.since(-Infinity, 5000)[0]).to.deep.include({ count: 2, errors: 1, sum: 4 });
  });

  it('does without a history', async () => {
    const { durations, clock, exported } = operating();
    const operation = new Operation('lookup', durations, undefined, clock);

    operation.recorder().succeeded(1);

    expect(await exported()).to.deep.equal([[{ 'perf.operation.name': 'lookup' }, 1]]);
  });
});

function operating() {
  const telemetry = captureMetrics();
  const clock = new FakeClock();
  const durations = new Instruments({ meterProvider: telemetry.provider }).histogram(operationDuration);
  const history = new History(100, clock.now());
  const exported = async () =>
    seriesOf(await telemetry.collect(), operationDuration.name).map(({ attributes, value }) => [
      attributes,
      (value as CollectedHistogram).count,
    ]);
  return {
    operation: new Operation('lookup', durations, history, clock),
    durations,
    history,
    clock,
    exported,
  };
}
