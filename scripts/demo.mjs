import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { exitWith, ROOT, run } from './run.mjs';

await exitWith(async () => {
  await ensureInstalled(ROOT);
  await ensureBuilt(ROOT);
  // npm sets INIT_CWD to where the user typed the command; relative paths of the demo's options start there.
  const env = { ...process.env, INIT_CWD: process.env.INIT_CWD ?? process.cwd() };
  const main = join(ROOT, 'examples', 'storefront', 'main.ts');
  return run(process.execPath, ['--import', 'tsx', main, ...process.argv.slice(2)], {
    cwd: ROOT,
    env,
    endsWithParent: process.env.npm_lifecycle_event !== undefined,
  });
});
