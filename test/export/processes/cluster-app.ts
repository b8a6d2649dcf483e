/**
 * An application on node:cluster, driven by the test that forks it: whoever forks may tell the primary to fork, kill or stop
 * workers, and each worker to count. Everything is answered, so that nobody has to wait for a time.
 */
import cluster, { type Worker } from 'node:cluster';
import { startPerformance } from '../../../src/performance.js';

export type Command =
  | { readonly do: 'fork' | 'address' }
  | { readonly do: 'kill'; readonly worker: number; readonly signal: NodeJS.Signals }
  | { readonly do: 'tell'; readonly worker: number; readonly what: WorkerCommand };

export type WorkerCommand =
  { readonly do: 'count'; readonly times: number } | { readonly do: 'run' | 'shutdown' | 'hang' | 'restart' };

const OPTIONS = { processes: 'cluster', prometheus: { port: 0 }, optimizer: { auto: false } } as const;

if (cluster.isPrimary) runPrimary();
else void runWorker();

function runPrimary(): void {
  const perf = startPerformance(OPTIONS);
  const answer = (message: unknown) => process.send!({ answer: message });
  const workers = new Map<number, Worker>();
  cluster.on('message', (_, message: object) => {
    // What is ours comes by here, and is none of the application's.
    if ('done' in message) answer(message.done);
  });
  const commands: { readonly [Name in Command['do']]: (command: never) => void } = {
    address: () => void perf.ready.then(() => answer(perf.metricsUrl)),
    fork: () => void workers.set(workers.size + 1, cluster.fork()),
    kill: ({ worker, signal }: Command & { do: 'kill' }) => {
      const { process: child } = workers.get(worker)!;
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') child.once('exit', () => answer('gone'));
      child.kill(signal);
      if (signal === 'SIGSTOP' || signal === 'SIGCONT') answer('sent');
    },
    tell: ({ worker, what }: Command & { do: 'tell' }) => void workers.get(worker)!.send(what),
  };
  process.on('message', (command: Command) => commands[command.do](command as never));
  process.on('disconnect', () => process.exit());
}

async function runWorker(): Promise<void> {
  let perf = startPerformance(OPTIONS);
  const meter = () => perf.meterProvider.getMeter('shop');
  const record = () => {
    meter().createCounter('orders').add(1);
    meter().createHistogram('latency', { unit: 's' }).record(0.1);
  };
  const say = (what: string) => process.send!({ done: what });
  meter().createUpDownCounter('carts').add(1);
  const commands: { readonly [Name in WorkerCommand['do']]: (command: never) => unknown } = {
    count: ({ times }: WorkerCommand & { do: 'count' }) => {
      for (let i = 0; i < times; i++) record();
      say('counted');
    },
    run: () => {
      setInterval(record, 1);
      say('running');
    },
    hang: () => {
      process.send!({ done: 'hanging' }, undefined, {}, () => {
        for (;;);
      });
    },
    shutdown: async () => {
      await perf.shutdown();
      process.exit();
    },
    restart: async () => {
      await perf.shutdown();
      perf = startPerformance(OPTIONS);
      say('restarted');
    },
  };
  process.on('message', (command: WorkerCommand | object) => {
    if ('do' in command) void commands[command.do](command as never);
  });
  await perf.ready;
  say('ready');
}
