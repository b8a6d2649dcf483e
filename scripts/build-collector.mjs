import { ensureCollector } from './collector.mjs';
import { exitWith } from './run.mjs';

await exitWith(async () => {
  console.log(await ensureCollector());
  return 0;
});
