import { expect } from 'chai';
import { CounterCell } from '../../src/telemetry/cells.js';
import { SCOPE_NAME } from '../../src/telemetry/connection.js';
import { define } from '../../src/telemetry/definition.js';
import { Recorded } from '../../src/telemetry/recorded.js';
import { captureMetrics, valueOf } from '../fakes/captured-telemetry.js';

const orders = define({
  name: 'shop.orders',
  kind: 'counter',
  unit: '{order}',
  description: 'Orders taken.',
  attributes: {},
});

describe('Recorded', () => {
  it('hands what is pending to the meter it is connected with', async () => {
    const { recorded, telemetry, meter } = recording();
    recorded.series.find().add(2);
    recorded.connect(meter);

    recorded.flush();

    expect(valueOf(await telemetry.collect(), 'shop.orders')).to.equal(2);
  });

  it('keeps its series and what is pending while it is connected with none', async () => {
    const { recorded, telemetry, meter } = recording();
    recorded.connect(meter);
    recorded.series.find().add(2);
    recorded.connect(undefined);
    recorded.flush();

    recorded.connect(meter);
    recorded.flush();

    expect(valueOf(await telemetry.collect(), 'shop.orders')).to.equal(2);
    expect(recorded.series.size).to.equal(1);
  });

  it('hands over nothing twice when it is connected twice', async () => {
    const { recorded, telemetry, meter } = recording();
    recorded.series.find().add(2);

    for (let i = 0; i < 2; i++) {
      recorded.connect(meter);
      recorded.flush();
    }

    expect(valueOf(await telemetry.collect(), 'shop.orders')).to.equal(2);
  });
});

function recording() {
  const telemetry = captureMetrics();
  const recorded = new Recorded(orders, 10, undefined, CounterCell.maker(undefined));
  return { telemetry, recorded, meter: telemetry.provider.getMeter(SCOPE_NAME) };
}
