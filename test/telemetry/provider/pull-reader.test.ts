import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationType, MeterProvider, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { InvalidUseError } from '../../../src/errors.js';
import { PullReader } from '../../../src/telemetry/provider/pull-reader.js';
import { CellMeterProvider } from '../../../src/telemetry/provider/cell-meter-provider.js';

const PROVIDERS = { cells: CellMeterProvider, sdk: MeterProvider };

describe('PullReader', () => {
  for (const [name, Provider] of Object.entries(PROVIDERS)) {
    it(`collects the totals of a provider: ${name}`, async () => {
      const reader = new PullReader();
      const provider = new Provider({
        resource: resourceFromAttributes({ 'service.name': 'shop' }),
        readers: [reader],
      });
      const counter = provider.getMeter('shop').createCounter('orders');

      counter.add(1);
      await reader.collect();
      counter.add(2);
      const { resourceMetrics, errors } = await reader.collect({ timeoutMillis: 1000 });

      expect(errors).to.deep.equal([]);
      expect(resourceMetrics.resource.attributes).to.deep.equal({ 'service.name': 'shop' });
      expect(onlyValue(resourceMetrics)).to.equal(3);
      await provider.forceFlush();
      await provider.shutdown();
      expect(await reader.collect().catch((error: unknown) => error)).to.be.instanceOf(InvalidUseError);
    });
  }

  it('belongs to one provider, and collects for no other', async () => {
    const reader = new PullReader();

    expect(await reader.collect().catch((error: unknown) => error)).to.be.instanceOf(InvalidUseError);
    expect(new CellMeterProvider({ readers: [reader] })).to.be.instanceOf(CellMeterProvider);
    expect(() => new CellMeterProvider({ readers: [reader] })).to.throw(InvalidUseError, 'one MeterProvider');
  });

  it('asks for what an instrument says of itself', () => {
    expect(new PullReader().selectAggregation()).to.deep.equal({ type: AggregationType.DEFAULT });
  });
});

function onlyValue({ scopeMetrics }: ResourceMetrics): unknown {
  return scopeMetrics[0]?.metrics[0]?.dataPoints[0]?.value;
}
