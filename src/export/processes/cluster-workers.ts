import type { Cluster, Worker } from 'node:cluster';
import { opened, sealed, type FromWorker, type ToWorker } from './messages.js';
import type { Gathering } from './gathering.js';
import type { Reporter } from './reporter.js';

/** Of this process. Loaded when it is asked for: who only imports the package does without. */
export function nodeCluster(): Cluster {
  return process.getBuiltinModule('node:cluster') as unknown as Cluster;
}

/** Listens to the workers of node:cluster. Returns what stops it. */
export function gatherFromCluster(gathering: Gathering): () => void {
  const cluster = nodeCluster();
  const send = (worker: Worker) => (message: ToWorker) => {
    // A channel that has just closed is no error: the worker is gone then.
    if (worker.isConnected()) worker.send(sealed(message), () => {});
  };
  const hear = (worker: Worker, message: unknown) => {
    const ours = opened<FromWorker>(message);
    if (ours !== undefined) gathering.hear(keyOf(worker), send(worker), ours);
  };
  // After everything that was sent through it. What ended by a signal is disconnected too.
  const leave = (worker: Worker) => gathering.gone(keyOf(worker));
  cluster.on('message', hear);
  cluster.on('disconnect', leave);
  for (const worker of Object.values(cluster.workers ?? {}))
    if (worker !== undefined) send(worker)({ kind: 'who' });
  return () => {
    cluster.off('message', hear);
    cluster.off('disconnect', leave);
  };
}

/** Sends to the primary. Resolves when it has left, or cannot. */
export function sendToPrimary(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) return resolve();
    process.send(sealed(message), undefined, {}, () => resolve());
  });
}

/** Lets the primary ask. Returns what stops it. */
export function reportToPrimary(reporter: Reporter): () => void {
  const hear = (message: unknown) => {
    const ours = opened<ToWorker>(message);
    if (ours !== undefined) reporter.hear(ours);
  };
  process.on('message', hear);
  return () => process.off('message', hear);
}

function keyOf({ id }: Worker): string {
  return `cluster ${id}`;
}
