import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { exitWith, ROOT, run } from './run.mjs';

await exitWith(async () => {
  await ensureInstalled(ROOT);
  const generate = join(ROOT, 'grafana', 'source', 'generate.ts');
  return run(process.execPath, ['--import', 'tsx', generate], { cwd: ROOT });
});
