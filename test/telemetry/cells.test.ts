import { expect } from 'chai';
import { CounterCell, GaugeCell, HistogramCell, type RejectionReason } from '../../src/telemetry/cells.js';
import { define, type InstrumentKind } from '../../src/telemetry/definition.js';
import { SdkHandle } from '../../src/telemetry/sdk-handle.js';

const ATTRIBUTES = Object.freeze({ route: '/a' });

/** What no instrument can carry, however it got there. */
const NO_NUMBERS: readonly unknown[] = [
  Number.NaN,
  Infinity,
  -Infinity,
  '5',
  '',
  null,
  true,
  10n,
  {},
  [],
  Symbol('5'),
];

describe('CounterCell', () => {
  it('counts 1 unless told otherwise', () => {
    const { cell, sum } = counter();

    cell.add();
    cell.add(undefined);
    cell.add(2.5);

    expect(sum()).to.equal(4.5);
  });

  it('hands over each measurement once, however often it is flushed', () => {
    const { cell, sdk } = counter();

    cell.add(2);
    cell.flush();
    cell.flush();
    cell.add(3);
    cell.flush();

    expect(sdk.handed).to.deep.equal([2, 3]);
  });

  it('hands over nothing before something was counted', () => {
    const { cell, sdk } = counter();

    cell.flush();

    expect(sdk.handed).to.deep.equal([]);
  });

  it('hands over a zero that was counted on purpose, once', () => {
    const { cell, sdk } = counter();

    cell.add(0);
    cell.flush();
    cell.flush();

    expect(sdk.handed).to.deep.equal([0]);
  });

  it('hands over what went up and down again between two collections', () => {
    const { cell, sdk } = counter('upDownCounter');

    cell.add(1);
    cell.add(-1);
    cell.flush();

    expect(sdk.handed).to.deep.equal([0]);
  });

  it('keeps what was counted for an SDK that comes later', () => {
    const { cell, sdk } = counter();
    sdk.disconnect();
    cell.add(7);
    cell.flush();

    sdk.connect();
    cell.flush();

    expect(sdk.handed).to.deep.equal([7]);
  });

  it('refuses what is no finite number, and stays right', () => {
    const { cell, sum, rejected } = counter();
    cell.add(1);

    for (const value of NO_NUMBERS) cell.add(value as number);

    expect(sum()).to.equal(1);
    expect(rejected).to.deep.equal(NO_NUMBERS.map(() => 'not_a_number'));
  });

  it('refuses what would make its sum infinite', () => {
    const { cell, sum, rejected } = counter();

    cell.add(Number.MAX_VALUE);
    cell.add(Number.MAX_VALUE);

    expect(sum()).to.equal(Number.MAX_VALUE);
    expect(rejected).to.deep.equal(['not_a_number']);
  });

  it('refuses to go down', () => {
    const { cell, sum, rejected } = counter();

    cell.add(5);
    cell.add(-1);

    expect(sum()).to.equal(5);
    expect(rejected).to.deep.equal(['negative']);
  });

  it('goes down where that is its kind', () => {
    const { cell, sum, rejected } = counter('upDownCounter');

    cell.add(5);
    cell.add(-7);

    expect(sum()).to.equal(-2);
    expect(rejected).to.deep.equal([]);
  });
});

describe('GaugeCell', () => {
  it('hands over the last value at every flush, changed or not', () => {
    const { cell, sdk } = gauge();

    cell.record(1);
    cell.record(-2);
    cell.flush();
    cell.flush();

    expect(sdk.handed).to.deep.equal([-2, -2]);
  });

  it('hands over nothing before something was recorded', () => {
    const { cell, sdk } = gauge();

    cell.flush();

    expect(sdk.handed).to.deep.equal([]);
  });

  it('keeps its value when it is given what is no finite number', () => {
    const { cell, sdk, rejected } = gauge();
    cell.record(3);

    for (const value of [...NO_NUMBERS, undefined]) cell.record(value as number);
    cell.flush();

    expect(sdk.handed).to.deep.equal([3]);
    expect(rejected).to.deep.equal([...NO_NUMBERS, undefined].map(() => 'not_a_number'));
  });
});

describe('HistogramCell', () => {
  it('hands over each value at once and nothing at a flush', () => {
    const { cell, sdk } = histogram();

    cell.record(0);
    cell.record(0.5);
    cell.flush();

    expect(sdk.handed).to.deep.equal([0, 0.5]);
  });

  it('counts and adds up for readers inside the process', () => {
    const { cell, reading } = histogram();

    cell.record(0.25);
    cell.record(0.5);

    expect(reading()).to.deep.include({ count: 2, value: 0.75 });
  });

  it('refuses negative values and what is no finite number', () => {
    const { cell, sdk, rejected, reading } = histogram();

    for (const value of [...NO_NUMBERS, undefined, -1]) cell.record(value as number);

    expect(sdk.handed).to.deep.equal([]);
    expect(reading()).to.deep.include({ count: 0, value: 0 });
    expect(new Set(rejected)).to.deep.equal(new Set(['not_a_number', 'negative']));
    expect(rejected.filter((reason) => reason === 'negative')).to.have.length(1);
  });
});

/** Takes the place of the SDK's instrument and keeps what it is handed. */
class ListeningSdk extends SdkHandle {
  readonly handed: number[] = [];

  constructor(kind: InstrumentKind) {
    super(kind, undefined);
    this.connect();
  }

  connect(): void {
    this.isLive = true;
    this.add = this.record = (value) => void this.handed.push(value);
  }

  disconnect(): void {
    this.isLive = false;
    this.add = this.record = undefined;
  }
}

function parts<Kind extends InstrumentKind>(kind: Kind) {
  const rejected: RejectionReason[] = [];
  const definition = define({ name: 'shop.orders', kind, unit: '', description: '', attributes: {} });
  const rejections = { count: (reason: RejectionReason) => void rejected.push(reason) };
  return { definition, rejected, rejections, sdk: new ListeningSdk(kind) };
}

function counter(kind: 'counter' | 'upDownCounter' = 'counter') {
  const { definition, rejected, rejections, sdk } = parts(kind);
  const cell = CounterCell.maker(rejections)(ATTRIBUTES, sdk);
  return { cell, sdk, rejected, sum: () => cell.reading(definition).value };
}

function gauge() {
  const { rejected, rejections, sdk } = parts('gauge');
  return { cell: GaugeCell.maker(rejections)(ATTRIBUTES, sdk), sdk, rejected };
}

function histogram() {
  const { definition, rejected, rejections, sdk } = parts('histogram');
  const cell = HistogramCell.maker(rejections)(ATTRIBUTES, sdk);
  return { cell, sdk, rejected, reading: () => cell.reading(definition) };
}
