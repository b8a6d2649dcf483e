import { expect } from 'chai';
import { define } from '../../src/telemetry/definition.js';
import { Instruments } from '../../src/telemetry/instruments.js';
import { captureNotices, type CapturedNotices } from '../fakes/captured-notices.js';
import { captureMetrics, seriesOf, valueOf } from '../fakes/captured-telemetry.js';
import { collectGarbage } from '../fakes/garbage.js';
import { waitFor } from '../e2e/wait-for.js';

const entries = define({
  name: 'shop.entries',
  kind: 'observableUpDownCounter',
  unit: '{entry}',
  description: 'Entries held.',
  attributes: { shelf: 'open' },
});
const evictions = define({ ...entries, name: 'shop.evictions', kind: 'observableCounter' });
const pressure = define({ ...entries, name: 'shop.pressure', kind: 'observableGauge' });

describe('Observed', () => {
  let notices: CapturedNotices;

  beforeEach(() => {
    notices = captureNotices();
  });

  afterEach(() => notices.release());

  it('asks the owner at each collection, and only then', async () => {
    const { instruments, telemetry } = capturing();
    const owner = { size: 1, asked: 0 };
    instruments.observe(entries, owner, (self, report) =>
      report(self.size, { shelf: `s${(self.asked += 1)}` }),
    );
    const askedBefore = owner.asked;

    await telemetry.collect();
    await telemetry.collect();

    expect([askedBefore, owner.asked]).to.deep.equal([0, 2]);
  });

  it('gives every reader the present value', async () => {
    const { instruments, telemetry } = capturing('cumulative', 'delta');
    const owner = { count: 10 };
    instruments.observe(evictions, owner, (self, report) => report(self.count));

    const first = [await telemetry.collect(0), await telemetry.collect(1)];
    owner.count = 13;
    const second = [await telemetry.collect(0), await telemetry.collect(1)];

    expect(first.map((collected) => valueOf(collected, evictions.name))).to.deep.equal([10, 10]);
    expect(second.map((collected) => valueOf(collected, evictions.name))).to.deep.equal([13, 3]);
  });

  it('adds up equal attributes of several owners', async () => {
    const { instruments, telemetry } = capturing();
    const owners = [{ size: 3 }, { size: 4 }];
    for (const owner of owners)
      instruments.observe(entries, owner, (self, report) => report(self.size, { shelf: 'a' }));

    expect(seriesOf(await telemetry.collect(), entries.name)).to.deep.equal([
      { attributes: { shelf: 'a' }, value: 7 },
    ]);
    expect(instruments.read()).to.deep.include({
      name: entries.name,
      kind: entries.kind,
      unit: '{entry}',
      attributes: { shelf: 'a' },
      value: 7,
    });
  });

  it('takes the last of several gauges', async () => {
    const { instruments, telemetry } = capturing();
    const owners = [{ share: 0.3 }, { share: 0.4 }];
    for (const owner of owners) instruments.observe(pressure, owner, (self, report) => report(self.share));

    expect(valueOf(await telemetry.collect(), pressure.name)).to.equal(0.4);
  });

  it('exports nothing where nothing is reported', async () => {
    const { instruments, telemetry } = capturing();
    const owner = {};
    instruments.observe(pressure, owner, () => {});

    expect(valueOf(await telemetry.collect(), pressure.name)).to.equal(undefined);
  });

  it('forgets an owner that cancelled, as often as it does so', async () => {
    const { instruments, telemetry } = capturing();
    const owners = [{ size: 3 }, { size: 4 }];
    const cancels = owners.map((owner) =>
      instruments.observe(entries, owner, (self, report) => report(self.size)),
    );

    cancels[0]!();
    cancels[0]!();

    expect(valueOf(await telemetry.collect(), entries.name)).to.equal(4);
  });

  it('forgets an owner that was garbage-collected', async () => {
    const { instruments } = capturing();
    (() => instruments.observe(entries, { size: 3 }, (self, report) => report(self.size)))();

    await waitFor(
      () => {
        collectGarbage();
        return instruments.read().every(({ name }) => name !== entries.name);
      },
      { what: 'the end of the owner' },
    );

    expect(instruments.read().map(({ name }) => name)).to.not.include(entries.name);
  });

  it('is not stopped by an observer that throws, and says so once', async () => {
    const { instruments, telemetry } = capturing();
    const owners = [{ size: 3 }, { size: 4 }];
    instruments.observe(entries, owners[0]!, (self, report) => {
      report(self.size, { shelf: 'a' });
      throw new Error('closed');
    });
    instruments.observe(entries, owners[1]!, (self, report) => report(self.size, { shelf: 'b' }));

    await telemetry.collect();

    expect(seriesOf(await telemetry.collect(), entries.name)).to.deep.equal([
      { attributes: { shelf: 'a' }, value: 3 },
      { attributes: { shelf: 'b' }, value: 4 },
    ]);
    expect(notices.said).to.deep.equal(['reading shop.entries failed: Error: closed']);
  });

  it('leaves out what is no finite number', async () => {
    const { instruments, telemetry } = capturing();
    const owner = {
      values: [Number.NaN, Infinity, '5' as unknown as number, undefined as unknown as number],
    };
    instruments.observe(entries, owner, ({ values }, report) => {
      for (const value of values) report(value);
      report(2);
    });

    expect(valueOf(await telemetry.collect(), entries.name)).to.equal(2);
  });

  it('holds no more series than its limit, for the life of the process', async () => {
    const telemetry = captureMetrics();
    const instruments = new Instruments({ meterProvider: telemetry.provider, cardinalityLimit: 5 });
    const owner = { round: 0 };
    instruments.observe(entries, owner, (self, report) => {
      self.round += 1;
      for (let i = 0; i < 3; i++) report(1, { shelf: `${self.round}-${i}` });
    });

    for (let i = 0; i < 20; i++) await telemetry.collect();

    const found = seriesOf(await telemetry.collect(), entries.name);
    expect(found).to.have.length(5);
    expect(found.at(-1)).to.deep.equal({ attributes: { 'otel.metric.overflow': true }, value: 3 });
  });
});

function capturing(...readers: ('cumulative' | 'delta')[]) {
  const telemetry = captureMetrics(readers.length === 0 ? {} : { readers });
  return { telemetry, instruments: new Instruments({ meterProvider: telemetry.provider }) };
}
