import { metrics, type Meter } from '@opentelemetry/api';
import { expect } from 'chai';
import { MeterConnection } from '../../src/telemetry/connection.js';
import { captureMetrics } from '../fakes/captured-telemetry.js';

describe('MeterConnection', () => {
  let changes: (Meter | undefined)[];
  const onChange = (meter: Meter | undefined) => changes.push(meter);

  beforeEach(() => {
    metrics.disable();
    changes = [];
  });

  afterEach(() => metrics.disable());

  it('has no meter while no provider is registered', () => {
    const connection = new MeterConnection(undefined, onChange);

    expect(connection.refresh()).to.equal(false);
    expect(connection.meter).to.equal(undefined);
  });

  it('finds the global provider that is registered later', () => {
    const connection = new MeterConnection(undefined, onChange);
    connection.refresh();

    metrics.setGlobalMeterProvider(captureMetrics().provider);

    expect(connection.refresh()).to.equal(true);
    expect(connection.meter).to.be.an('object');
    expect(changes.at(-1)).to.equal(connection.meter);
  });

  it('tells of a change once', () => {
    metrics.setGlobalMeterProvider(captureMetrics().provider);
    const connection = new MeterConnection(undefined, onChange);

    for (let i = 0; i < 3; i++) connection.refresh();

    expect(changes).to.have.length(1);
  });

  it('follows a global provider that is replaced, and one that is taken away', () => {
    const connection = new MeterConnection(undefined, onChange);
    metrics.setGlobalMeterProvider(captureMetrics().provider);
    connection.refresh();
    const first = connection.meter;

    metrics.disable();
    metrics.setGlobalMeterProvider(captureMetrics().provider);
    connection.refresh();
    const second = connection.meter;
    metrics.disable();
    const isConnected = connection.refresh();

    expect(second).to.be.an('object').that.does.not.equal(first);
    expect(isConnected).to.equal(false);
    expect(connection.meter).to.equal(undefined);
    expect(changes).to.deep.equal([first, second, undefined]);
  });

  it('stays with the provider it was given, whatever is registered', () => {
    const connection = new MeterConnection(captureMetrics().provider, onChange);
    connection.refresh();
    const own = connection.meter;

    metrics.setGlobalMeterProvider(captureMetrics().provider);
    connection.refresh();

    expect(connection.meter).to.equal(own);
  });
});
