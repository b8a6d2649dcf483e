import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

/** A task that has not come home this long after it was submitted is lost. Seconds. */
const PATIENCE = 60;
/** How long a task takes; short, so that many are under way when a process dies. */
const WORK_MS = 20;

/**
 * One run: workers of one queue share so many tasks, and one of them after the other is killed in the middle of some.
 * What is told: tasks that did not come home (`lost`) or with something else than their result (`wrong`), all of which
 * must be 0; tasks cut off by a kill, those that were done more than once (at least once is what is promised), and how
 * long the longest of those cut off took to come home, in seconds.
 *
 * @param {{ dist: string, url: string, tasks?: number, workers?: number, kills?: number, lock?: number, execArgv?: readonly string[] }} run
 *   dist: URL of the folder with the built or the source files; lock: seconds until a process counts as dead
 */
export async function runOnce({ dist, url, tasks = 1000, workers = 3, kills = 1, lock = 2, execArgv = [] }) {
  const queue = { dist, url, name: `chaos-${randomUUID().slice(0, 8)}`, lock };
  const { manager, task } = await openQueue({ ...queue, limit: 0 });
  const done = new Map();
  const cutOff = new Map();
  const crew = new Set();
  let killed = 0;
  const hire = () => {
    const worker = startWorker(queue, execArgv);
    crew.add(worker);
    worker.child.on('message', ({ began, ended }) => {
      if (began !== undefined) worker.inHand.add(began);
      if (ended === undefined) return;
      worker.inHand.delete(ended);
      done.set(ended, (done.get(ended) ?? 0) + 1);
    });
    return worker;
  };
  const killOne = () => {
    const victim = [...crew].find(({ inHand }) => inHand.size > 0);
    if (victim === undefined) return;
    killed += 1;
    crew.delete(victim);
    victim.child.kill('SIGKILL');
    for (const number of victim.inHand) cutOff.set(number, performance.now());
    hire();
  };
  try {
    for (let i = 0; i < workers; i += 1) hire();
    const told = { lost: 0, wrong: 0, cutOff: 0, doubled: 0, takeOver: 0 };
    const bringHome = async (number) => {
      const id = await manager.submit(task, number);
      try {
        if ((await manager.wait(id, { timeout: PATIENCE })) !== number * 2) told.wrong += 1;
      } catch {
        told.lost += 1;
      }
      const since = cutOff.get(number);
      if (since !== undefined) told.takeOver = Math.max(told.takeOver, (performance.now() - since) / 1000);
    };
    const home = Promise.all(Array.from({ length: tasks }, (_, number) => bringHome(number)));
    const watch = setInterval(() => {
      if (killed < kills && done.size >= ((killed + 1) * tasks) / (kills + 2)) killOne();
    }, 1);
    await home.finally(() => clearInterval(watch));
    told.cutOff = cutOff.size;
    told.doubled = [...done.values()].filter((times) => times > 1).length;
    return { ...told, tasks, killed };
  } finally {
    for (const { child } of crew) child.kill('SIGKILL');
    await manager.shutdown();
  }
}

function startWorker(queue, execArgv) {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify({ ...queue, limit: 5 })], {
    execArgv: [...execArgv],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return { child, inHand: new Set() };
}

async function openQueue({ dist, url, name, lock, limit }) {
  const index = dist.endsWith('/src/') ? 'index.ts' : 'index.js';
  const { DurableTaskManager, defineTask } = await import(new URL(index, dist));
  const task = defineTask({ name: 'double', handler: doubleSlowly });
  const manager = new DurableTaskManager({ url, name, limit, lockDuration: lock });
  manager.register(task);
  return { manager, task };
}

/** Says when it begins and when it is done; what is killed in between is done by another. */
async function doubleSlowly(number) {
  process.send?.({ began: number });
  await new Promise((resolve) => {
    setTimeout(resolve, WORK_MS);
  });
  process.send?.({ ended: number });
  return number * 2;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) void openQueue(JSON.parse(process.argv[2]));
