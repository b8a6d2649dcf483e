import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { exitWith, ROOT, run } from './run.mjs';
import { findServers, howToGet } from './servers.mjs';

// `npm run test:soak -- --minutes 2`; what is done and judged is told in test/soak.
await exitWith(async () => {
  await ensureInstalled(ROOT);
  await ensureBuilt(ROOT);
  if ((await findServers()).missing.includes('redis-server')) {
    console.error(howToGet('redis-server'));
    return 1;
  }
  const soak = join(ROOT, 'test', 'soak', 'soak.mjs');
  return run(process.execPath, [soak, ...process.argv.slice(2)], { cwd: ROOT });
});
