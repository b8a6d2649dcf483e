import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/** Mocha's spec reporter, which also leaves the counts and the skipped tests in the file PERF_TEST_COUNTS names. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const skippedTests = [];
    runner.on('pending', (test) => skippedTests.push(test.fullTitle()));
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      const counts = { passed: passes, failed: failures, skipped: pending, skippedTests };
      if (process.env.PERF_TEST_COUNTS) writeFileSync(process.env.PERF_TEST_COUNTS, JSON.stringify(counts));
    });
  }
}
