// Processes that run durable tasks are killed in the middle: node test/chaos/tasks.mjs [--tasks 1000] [--workers 3]
// [--kills 1] [--runs 5] [--lock 2]
// Needs redis-server and a built dist/ (npm run build). Exit code 1 when a task was lost or came to something else.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import { parseArgs } from 'node:util';
import { runOnce } from './tasks-run.mjs';

const { values: flags } = parseArgs({
  options: {
    tasks: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '3' },
    kills: { type: 'string', default: '1' },
    runs: { type: 'string', default: '5' },
    lock: { type: 'string', default: '2' },
    dist: { type: 'string', default: new URL('../../dist/', import.meta.url).href },
  },
});

const port = await freePort();
const server = spawn(
  'redis-server',
  ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
  { stdio: 'ignore' },
);
const stop = () => server.kill('SIGKILL');
process.once('exit', stop);
await listening(port);
const runs = [];
for (let run = 0; run < Number(flags.runs); run += 1) {
  const { tasks, workers, kills, lock } = flags;
  const numbers = {
    tasks: Number(tasks),
    workers: Number(workers),
    kills: Number(kills),
    lock: Number(lock),
  };
  runs.push(await runOnce({ dist: flags.dist, url: `redis://127.0.0.1:${port}`, ...numbers }));
}
stop();
console.log(`${flags.workers} workers with 5 tasks each at the same time, ${flags.kills} killed in each run`);
console.table(runs);
if (runs.some(({ lost, wrong }) => lost + wrong > 0)) process.exitCode = 1;

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port: free } = probe.address();
  probe.close();
  await once(probe, 'close');
  return free;
}

/** Resolves when somebody listens there. */
async function listening(where) {
  for (;;) {
    const socket = connect(where, '127.0.0.1');
    const isUp = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 25);
    });
  }
}
