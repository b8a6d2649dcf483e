import { ensurePrometheus3 } from './prometheus3.mjs';
import { exitWith } from './run.mjs';

await exitWith(async () => {
  console.log(await ensurePrometheus3());
  return 0;
});
