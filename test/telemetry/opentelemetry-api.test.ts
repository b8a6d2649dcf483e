import * as api from '@opentelemetry/api';
import { expect } from 'chai';
import * as required from '../../src/telemetry/opentelemetry-api.js';

describe('what is required of the API of OpenTelemetry', () => {
  it('is what everybody imports', () => {
    const imported = api as unknown as Record<string, unknown>;
    for (const [name, value] of Object.entries(required)) expect(value, name).to.equal(imported[name]);
  });
});
