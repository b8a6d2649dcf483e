import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { runBenchmarks } from './docs/bench-runs.mjs';
import { ensureInstalled } from './install.mjs';
import { exitWith, ROOT } from './run.mjs';

/** Some ten minutes: runs the benchmarks that docs shows, and writes their numbers and the pages that show them. */
await exitWith(async () => {
  await ensureInstalled(ROOT);
  await ensureBuilt(ROOT);
  await ensureInstalled(join(ROOT, 'bench'));
  // These need what was installed.
  const { benchmarkPages } = await import('./docs/bench-pages.mjs');
  const { formatted } = await import('./docs/formatted.mjs');
  const numbers = await runBenchmarks(ROOT, { log: (line) => console.log(line) });
  const file = join(ROOT, 'docs', 'benchmarks.json');
  writeFileSync(file, await formatted(file, JSON.stringify(numbers)));
  for (const [path, text] of await benchmarkPages(ROOT, numbers)) writeFileSync(join(ROOT, path), text);
  return 0;
});
