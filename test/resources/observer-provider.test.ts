import type { Observable, ObservableCallback } from '@opentelemetry/api';
import { expect } from 'chai';
import { ObserverProvider } from '../../src/resources/observer-provider.js';

describe('ObserverProvider', () => {
  it('hands on what single and batch observers say, as it comes', async () => {
    const provider = new ObserverProvider();
    const meter = provider.getMeter();
    const [time, usage] = [meter.createObservableCounter('time'), meter.createObservableGauge('usage')];
    time.addCallback((result) => result.observe(2, { state: 'user' }));
    meter.addBatchObservableCallback(async (result) => result.observe(usage, 7), [usage]);

    expect(await told(provider)).to.deep.equal([
      ['time', 2, { state: 'user' }],
      ['usage', 7, undefined],
    ]);
  });

  it('hears nothing of a metric the batch was not added for, or of an observer taken away', async () => {
    const provider = new ObserverProvider();
    const meter = provider.getMeter();
    const [own, other] = [meter.createObservableGauge('own'), meter.createObservableGauge('other')];
    const batch = (result: { observe(metric: Observable, value: number): void }) => {
      result.observe(own, 1);
      result.observe(other, 2);
    };
    const single: ObservableCallback = (result) => result.observe(3);
    meter.addBatchObservableCallback(batch, [own]);
    other.addCallback(single);

    expect(await told(provider)).to.deep.equal([
      ['other', 3, undefined],
      ['own', 1, undefined],
    ]);
    meter.removeBatchObservableCallback(batch, [own]);
    other.removeCallback(single);
    expect(await told(provider)).to.deep.equal([]);
  });

  it('takes what is recorded by other instruments and keeps none of it', async () => {
    const provider = new ObserverProvider();
    const meter = provider.getMeter();
    meter.createCounter('counter').add(1);
    meter.createUpDownCounter('level').add(1);
    meter.createHistogram('sizes').record(1);
    meter.createGauge('gauge').record(1);

    expect(await told(provider)).to.deep.equal([]);
  });

  it('rejects with what an observer throws', async () => {
    const provider = new ObserverProvider();
    provider
      .getMeter()
      .createObservableGauge('broken')
      .addCallback(() => {
        throw new Error('no such sensor');
      });

    const error = await provider.ask(() => {}).catch((reason: unknown) => reason);

    expect(error).to.have.property('message', 'no such sensor');
  });
});

async function told(provider: ObserverProvider): Promise<unknown[]> {
  const all: unknown[] = [];
  await provider.ask((...one) => all.push(one));
  return all;
}
