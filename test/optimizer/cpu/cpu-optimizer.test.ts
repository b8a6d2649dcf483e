import { expect } from 'chai';
import { InvalidOptionError } from '../../../src/errors.js';
import { CPUOptimizer } from '../../../src/optimizer/cpu/cpu-optimizer.js';
import * as catalogue from '../../../src/telemetry/catalogue.js';
import { instrumentsOf } from '../../../src/telemetry/instruments.js';
import { captureMetrics } from '../../fakes/captured-telemetry.js';

describe('CPUOptimizer', () => {
  it('looks at the CPU alone', async () => {
    const { provider } = captureMetrics();
    const busy = {};
    instrumentsOf(provider).observe(catalogue.eventLoopUtilization, busy, (_busy, report) => report(0.95));
    const optimizer = new CPUOptimizer({ meterProvider: provider });

    const result = await optimizer.optimize();

    expect(result).to.deep.include({ optimizationType: 'cpu', verdict: 'not measured' });
    expect(result.decisions.map(({ action, outcome, reason }) => [action, outcome, reason])).to.deep.equal([
      ['cpu_advice', 'advised', 'loop'],
    ]);
  });

  it('refuses options it does not know', () => {
    expect(() => new CPUOptimizer({ threshold: 1 } as never)).to.throw(InvalidOptionError, 'threshold');
  });
});
