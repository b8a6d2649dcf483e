// Five processes on one cache folder, one of them killed: node test/chaos/persistent.mjs [--engine sqlite] [--runs 100]
// Needs a built dist/ (npm run build). Exit code 1 when anything was torn, lost, failed or hung.
import { parseArgs } from 'node:util';
import { runOnce } from './persistent-run.mjs';

const { values: flags } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    ms: { type: 'string', default: '600' },
    'max-bytes': { type: 'string' },
    engine: { type: 'string', default: 'files' },
    serializer: { type: 'string', default: 'json' },
    cache: { type: 'string', default: new URL('../../dist/index.js', import.meta.url).href },
  },
});
const options = { engine: flags.engine, serializer: flags.serializer };
if (flags['max-bytes'] !== undefined) options.maxBytes = flags['max-bytes'];

const total = { torn: 0, lost: 0, failed: 0, hung: 0, reads: 0, writes: 0 };
for (let run = 1; run <= Number(flags.runs); run += 1) {
  const counts = await runOnce({ cache: flags.cache, options, ms: Number(flags.ms) });
  // With a limit entries leave to make room: only torn, failed and hung tell something then.
  if (options.maxBytes !== undefined) counts.lost = 0;
  for (const name of Object.keys(total)) total[name] += counts[name];
  const isBad = counts.torn + counts.lost + counts.failed + counts.hung > 0;
  if (isBad) console.log(`run ${run}: ${JSON.stringify(counts)}`);
}
console.log(`${flags.runs} runs of 5 processes, one killed in each, engine ${flags.engine}`);
console.table([total]);
if (total.torn + total.lost + total.failed + total.hung > 0) process.exitCode = 1;
