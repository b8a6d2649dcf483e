import { ensureInstalled } from './install.mjs';
import { exitWith, npmCommand, ROOT, run } from './run.mjs';

/** The scripts of package.json that make a commit acceptable, quickest first. */
const STEPS = ['format:check', 'lint', 'types', 'test'];

await exitWith(async () => {
  await ensureInstalled(ROOT);
  const [npm, ...first] = npmCommand();
  for (const step of STEPS) {
    console.log(`check: ${step}`);
    const code = await run(npm, [...first, 'run', '--silent', step], { cwd: ROOT });
    if (code !== 0) {
      console.error(`check: ${step} failed with exit code ${code} (alone: npm run ${step})`);
      return code;
    }
  }
  return 0;
});
