// What does it cost to measure a request? CPU time of the serving process for a request, above that of the same server
// unmeasured. Each server runs in a process of its own and is asked over 16 connections that stay open; servers take turns
// in shuffled order, and a request costs the median of the rounds.
//
// "prom-client" is a histogram by hand, "otel" is @opentelemetry/instrumentation-http for metrics alone.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { quantile } from './lib/measure.mjs';

if (!existsSync(new URL('../dist/index.js', import.meta.url)))
  throw new Error('dist is missing, build the package first');

const SERVER = fileURLToPath(new URL('lib/http-server.mjs', import.meta.url));
const SUBJECTS = [
  'http: bare',
  'http: ours',
  'http: prom-client',
  'http: otel',
  'express: bare',
  'express: ours',
  'express: prom-client',
  'express: express-prom-bundle',
  'express: otel',
  'fastify: bare',
  'fastify: ours',
  'hono: bare',
  'hono: ours',
];
const CONNECTIONS = 16;
const WARM_UP = 5;
const END_OF_ANSWER = 'hello';
const REQUEST = 'GET /users/7 HTTP/1.1\r\nHost: localhost\r\n\r\n';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '21' },
    requests: { type: 'string', default: '16000' },
    filter: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});

const frameworkOf = (name) => name.split(':')[0];
const asked = SUBJECTS.filter((name) => name.includes(flags.filter));
const names = SUBJECTS.filter(
  (name) =>
    asked.includes(name) ||
    (name.endsWith(': bare') && asked.some((other) => frameworkOf(other) === frameworkOf(name))),
);
const subjects = [];
try {
  for (const name of names) subjects.push(await start(name));
  for (let round = -WARM_UP; round < Number(flags.rounds); round++) {
    for (const subject of shuffled(subjects)) {
      const microseconds = await askAll(subject, Number(flags.requests));
      if (round >= 0) subject.samples.push((microseconds * 1000) / Number(flags.requests));
    }
  }
  report();
} finally {
  for (const { child } of subjects) child.kill('SIGKILL');
}

async function start(name) {
  const child = fork(SERVER, [name], { execArgv: ['--expose-gc'] });
  const [port] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`the server for ${name} has ended`))),
  ]);
  return { name, child, port, samples: [], asked: 0 };
}

/** CPU time in microseconds. A server that measures must have counted all of them. */
async function askAll(subject, requests) {
  const { name, child, port } = subject;
  // Anew for each round: servers close connections that nobody has used for some seconds.
  const sockets = Array.from({ length: CONNECTIONS }, () => connect(port, '127.0.0.1').setNoDelay());
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  child.send('begin');
  await once(child, 'message');
  await Promise.all(sockets.map((socket) => askOn(socket, requests / CONNECTIONS)));
  subject.asked += requests;
  child.send('end');
  const [{ microseconds, counted }] = await once(child, 'message');
  for (const socket of sockets) socket.destroy();
  // The last answers may have come before their ends were counted.
  if (!name.endsWith(': bare') && !(counted > subject.asked - CONNECTIONS))
    throw new Error(`${name} has counted ${counted} of ${subject.asked} requests`);
  return microseconds;
}

function askOn(socket, requests) {
  return new Promise((resolve, reject) => {
    let left = requests;
    let text = '';
    const failed = () => reject(new Error('a connection was closed'));
    const answered = (chunk) => {
      text += chunk.toString('latin1');
      // The text has the word once, chunked or not; what follows it is the end of the chunk.
      if (!text.includes(END_OF_ANSWER) || (text.includes('chunked') && !text.endsWith('0\r\n\r\n'))) return;
      text = '';
      left -= 1;
      if (left > 0) {
        socket.write(REQUEST);
        return;
      }
      socket.off('data', answered).off('close', failed);
      resolve();
    };
    socket.on('data', answered).once('close', failed).write(REQUEST);
  });
}

function shuffled(list) {
  const mixed = [...list];
  for (let i = mixed.length - 1; i > 0; i--) {
    const other = Math.floor(Math.random() * (i + 1));
    [mixed[i], mixed[other]] = [mixed[other], mixed[i]];
  }
  return mixed;
}

/** Rounds are compared one by one: a slow minute of the machine is in both. */
function report() {
  const bareOf = (name) => subjects.find((one) => one.name === `${frameworkOf(name)}: bare`);
  const rows = subjects.map(({ name, samples }) => {
    const above = samples.map((sample, round) => sample - bareOf(name).samples[round]);
    const spread = quantile(above, 0.75) - quantile(above, 0.25);
    return { name, ns: quantile(samples, 0.5), above: quantile(above, 0.5), spread };
  });
  if (flags.json) {
    for (const { name, ...numbers } of rows)
      console.log(JSON.stringify({ bench: 'http', case: name, ...numbers }));
    return;
  }
  console.log(`http: Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model.trim()}\n`);
  console.log(`${''.padEnd(30)}  us/request   above bare   half within`);
  for (const { name, ns, above, spread } of rows) {
    const cells = name.endsWith(': bare') ? [ns] : [ns, above, spread];
    console.log(name.padEnd(30) + cells.map((cell) => (cell / 1000).toFixed(2).padStart(12)).join(' '));
  }
}
