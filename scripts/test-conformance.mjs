import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { exitWith, ROOT, run } from './run.mjs';

// Runs generated programs on the MeterProvider of the OpenTelemetry SDK and on ours, and compares every point they
// collect. --programs N, --seed N: the first of the seeds, which follow each other.
await exitWith(async () => {
  await ensureInstalled(ROOT);
  const main = join(ROOT, 'test', 'telemetry', 'provider', 'conformance', 'main.ts');
  return run(process.execPath, ['--import', 'tsx', main, ...process.argv.slice(2)], { cwd: ROOT });
});
