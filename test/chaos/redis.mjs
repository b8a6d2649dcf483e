// Redis goes away in four ways under a steady load: node test/chaos/redis.mjs [--outages killed,stopped,slowed,flapping]
// [--seconds 4] [--keys 10000] [--runs 1] [--no-peers]
// Needs redis-server and a built dist/ (npm run build). Exit code 1 when a promise was broken.
import { parseArgs } from 'node:util';
import { OUTAGES } from './redis-outages.mjs';
import { hangingPeers } from './redis-peers.mjs';
import { runOutage } from './redis-run.mjs';
import { printRuns } from './redis-table.mjs';

const { values: flags } = parseArgs({
  allowNegative: true,
  options: {
    outages: { type: 'string', default: Object.keys(OUTAGES).join(',') },
    seconds: { type: 'string', default: '4' },
    keys: { type: 'string', default: '10000' },
    runs: { type: 'string', default: '1' },
    peers: { type: 'boolean', default: true },
    dist: { type: 'string', default: new URL('../../dist/', import.meta.url).href },
  },
});
const names = flags.outages.split(',');
const unknown = names.find((name) => !(name in OUTAGES));
if (unknown !== undefined) throw new Error(`there is no outage "${unknown}", but ${Object.keys(OUTAGES)}`);
const options = { dist: flags.dist, keyCount: Number(flags.keys), outageMs: Number(flags.seconds) * 1000 };

// They do nothing but wait, so they may do that meanwhile.
const peers = flags.peers ? hangingPeers() : undefined;
const runs = [];
for (let run = 0; run < Number(flags.runs); run += 1) {
  for (const name of names) runs.push(await runOutage(name, options));
}
printRuns(runs, options);
if (peers !== undefined) console.log(`\n${await peers}`);
if (runs.some(({ broken }) => broken.length > 0)) process.exitCode = 1;
