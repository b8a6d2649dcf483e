import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { exitWith, ROOT, run } from './run.mjs';

const FOLDER = join(ROOT, 'bench');

/** What the benchmarks share is no benchmark itself. */
const HARNESS = 'harness';

await exitWith(async () => {
  const [name, ...args] = process.argv.slice(2);
  const names = benchmarks();
  if (name === undefined || !names.includes(name)) {
    const problem =
      name === undefined ? 'Which benchmark?' : `There is no benchmark ${JSON.stringify(name)}.`;
    console.error(`${problem} Usage: npm run bench -- NAME [--json], where NAME is one of:`);
    for (const known of names) console.error(`  ${known}`);
    return 2;
  }
  await ensureInstalled(ROOT);
  await ensureBuilt(ROOT);
  await ensureInstalled(FOLDER);
  // Without --expose-gc a benchmark cannot begin from a clean heap.
  return run(process.execPath, ['--expose-gc', join(FOLDER, `${name}.mjs`), ...args]);
});

function benchmarks() {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.mjs'))
    .map((file) => file.slice(0, -'.mjs'.length))
    .filter((name) => name !== HARNESS)
    .toSorted();
}
