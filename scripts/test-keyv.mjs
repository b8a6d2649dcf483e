import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { exitWith, ROOT, run } from './run.mjs';
import { findServers, howToGet } from './servers.mjs';

/** Keyv's own test suite needs a test runner of 60 MB, so it lives in a package that is installed when it is asked for. */
const FOLDER = join(ROOT, 'test', 'keyv');

await exitWith(async () => {
  const { missing } = await findServers();
  if (missing.includes('redis-server')) {
    console.error(`Keyv's suite is run over Redis too, but ${howToGet('redis-server')}`);
    return 1;
  }
  await ensureInstalled(ROOT);
  await ensureInstalled(FOLDER);
  const vitest = join(FOLDER, 'node_modules', 'vitest', 'vitest.mjs');
  return run(process.execPath, [vitest, 'run', ...process.argv.slice(2)], { cwd: FOLDER });
});
