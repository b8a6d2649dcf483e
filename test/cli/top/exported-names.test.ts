import { expect } from 'chai';
import { exportedLabel, exportedName } from '../../../src/cli/top/exported-names.js';
import * as catalogue from '../../../src/telemetry/catalogue.js';

describe('names on a page of metrics', () => {
  it('are those the writer gives', () => {
    expect(
      [
        catalogue.operationDuration,
        catalogue.cacheLookups,
        catalogue.cacheUsage,
        catalogue.optimizerPressure,
        catalogue.optimizerWhatIfHits,
        catalogue.taskActive,
        catalogue.processCpuUtilization,
      ].map(exportedName),
    ).to.deep.equal([
      'perf_operation_duration_seconds',
      'perf_cache_lookups_total',
      'perf_cache_usage_bytes',
      'perf_optimizer_pressure_ratio',
      'perf_optimizer_what_if_hits_ratio',
      'perf_task_active',
      'process_cpu_utilization_ratio',
    ]);
    expect(exportedLabel('http.response.status_code')).to.equal('http_response_status_code');
  });
});
