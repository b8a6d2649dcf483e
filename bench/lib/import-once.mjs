// Loads what it is given, once, and tells what that cost this process: wall time since it started, CPU time of all its
// threads. With `count` it tells the files that were loaded instead, which takes hooks that would be measured as well.
import { createRequire, register } from 'node:module';

const [what, url = what, mode] = process.argv.slice(2);

const HOOKS = `
  let port;
  export const initialize = (data) => void (port = data.port);
  export async function load(url, context, next) {
    port.postMessage(url);
    return next(url, context);
  }`;

const loaded = new Set();
let stopCounting = () => {};
if (mode === 'count') {
  // Not for all: it brings along what some load themselves.
  const { MessageChannel } = await import('node:worker_threads');
  const { port1, port2 } = new MessageChannel();
  port1.on('message', (one) => loaded.add(one));
  stopCounting = () => port1.close();
  register(`data:text/javascript,${encodeURIComponent(HOOKS)}`, {
    data: { port: port2 },
    transferList: [port2],
  });
}

let running;
if (what !== 'nothing') {
  const module = await import(url);
  if (what === 'start') {
    running = module.startPerformance({ prometheus: { port: 0 } });
    await running.ready;
    const page = await (await fetch(running.metricsUrl)).text();
    if (!page.includes('target_info')) throw new Error('/metrics is not served');
  }
}

const { user, system } = process.cpuUsage();
const wallMs = performance.now();
if (mode === 'count') {
  for (const path of Object.keys(createRequire(import.meta.url).cache)) loaded.add(`file://${path}`);
  // What the hooks have told arrives with the next turns of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 50));
}
const files = [...loaded].filter((one) => one.startsWith('file:')).length;
process.stdout.write(JSON.stringify({ wallMs, cpuMs: (user + system) / 1000, files }));
stopCounting();
await running?.shutdown();
