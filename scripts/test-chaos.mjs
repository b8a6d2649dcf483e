import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { exitWith, ROOT, run } from './run.mjs';
import { findServers, howToGet } from './servers.mjs';

/** What can be put under abuse, and the server each part needs. */
const PARTS = { persistent: undefined, redis: 'redis-server', tasks: 'redis-server' };

const USAGE = `Usage: npm run test:chaos -- [--only persistent|redis|tasks] [flags of that part]
Without --only all parts run, with their defaults; --engine files|sqlite chooses that of the persistent part.
The flags of a part are told at the top of test/chaos/persistent.mjs, redis.mjs and tasks.mjs.`;

await exitWith(async () => {
  const { only, engine, rest } = readFlags(process.argv.slice(2));
  const isWrong =
    (only !== undefined && !(only in PARTS)) ||
    (only === undefined && rest.length > 0) ||
    (only !== undefined && only !== 'persistent' && engine.length > 0);
  if (isWrong) {
    console.error(USAGE);
    return 2;
  }
  await ensureInstalled(ROOT);
  await ensureBuilt(ROOT);
  let worst = 0;
  for (const part of only === undefined ? Object.keys(PARTS) : [only]) {
    const code = await runPart(part, [...(part === 'persistent' ? engine : []), ...rest]);
    worst = Math.max(worst, code);
  }
  return worst;
});

async function runPart(part, flags) {
  console.log(`chaos: ${part}`);
  const server = PARTS[part];
  if (server !== undefined && (await findServers()).missing.includes(server)) {
    console.error(howToGet(server));
    return 1;
  }
  return run(process.execPath, [join(ROOT, 'test', 'chaos', `${part}.mjs`), ...flags], { cwd: ROOT });
}

/** `--only` and `--engine` are ours, with their values; the rest is for the part. */
function readFlags(args) {
  const rest = [...args];
  const take = (flag) => {
    const at = rest.findIndex((arg) => arg === flag || arg.startsWith(`${flag}=`));
    if (at < 0) return undefined;
    const [found] = rest.splice(at, 1);
    return found === flag ? (rest.splice(at, 1)[0] ?? '') : found.slice(flag.length + 1);
  };
  const engine = take('--engine');
  return { only: take('--only'), engine: engine === undefined ? [] : ['--engine', engine], rest };
}
