const assert = require('node:assert/strict');

exports.checkPage = (page) => {
  assert.match(page, /^perf_operation_duration_seconds_count\{perf_operation_name="work"\} 1$/m);
  assert.match(page, /^perf_cache_lookups_total\{.*perf_cache_result="hit".*\} 1$/m);
};
