import type { BroadcastChannel, Worker } from 'node:worker_threads';
import { nodeWorkerThreads } from '../../built-ins.js';
import type { FromWorker, ToWorker } from './messages.js';
import type { Gathering } from './gathering.js';
import type { Reporter } from './reporter.js';

/** Where threads say that they are there. Each then has a channel of its own, for what nobody else needs to read. */
const MEETING = '@gary-zero/performance';

interface Hello {
  readonly thread: number;
  readonly instance: string;
}

/** Listens to the worker threads of this process. Returns what stops it. */
export function gatherFromThreads(gathering: Gathering): () => void {
  const channels = new Map<number, BroadcastChannel>();
  const meeting = openChannel(MEETING, (said) => {
    if (said === 'who') return;
    const { thread, instance } = said as Hello;
    const send = (message: ToWorker) => channels.get(thread)?.postMessage(message);
    if (!channels.has(thread)) {
      const hear = (message: unknown) => gathering.hear(keyOf(thread), send, message as FromWorker);
      channels.set(thread, openChannel(ownChannel(thread), hear));
    }
    gathering.hear(keyOf(thread), send, { kind: 'hello', instance });
  });
  const leave = (thread: number) => {
    channels.get(thread)?.close();
    channels.delete(thread);
    gathering.gone(keyOf(thread));
  };
  const follow = (worker: Worker) => {
    const thread = worker.threadId;
    // What it sent at last is read before.
    worker.once('exit', () => setImmediate(() => setImmediate(leave, thread)));
  };
  process.on('worker', follow);
  meeting.postMessage('who');
  return () => {
    process.off('worker', follow);
    meeting.close();
    for (const channel of channels.values()) channel.close();
  };
}

export interface ThreadReporting {
  readonly send: (message: FromWorker) => Promise<void>;
  readonly listen: (reporter: Reporter) => () => void;
}

/** How a worker thread reports to the main thread. */
export function reportFromThread(): ThreadReporting {
  const { threadId } = nodeWorkerThreads();
  let meeting: BroadcastChannel | undefined;
  let hear: (message: ToWorker) => void = () => {};
  const own = openChannel(ownChannel(threadId), (message) => hear(message as ToWorker));
  return {
    send: async (message) => {
      if (message.kind === 'hello') {
        meeting ??= openChannel(MEETING, (said) => {
          if (said === 'who') hear({ kind: 'who' });
        });
        const hello: Hello = { thread: threadId, instance: message.instance };
        meeting.postMessage(hello);
      } else own.postMessage(message);
      // Between two messages others get their turn.
      await new Promise((resolve) => setImmediate(resolve));
    },
    listen: (reporter) => {
      hear = (message) => reporter.hear(message);
      return () => {
        meeting?.close();
        own.close();
      };
    },
  };
}

function openChannel(name: string, hear: (message: unknown) => void): BroadcastChannel {
  const channel = new (nodeWorkerThreads().BroadcastChannel)(name);
  // Its types know no listeners. One function is all there is.
  Object.assign(channel, { onmessage: ({ data }: { readonly data: unknown }) => hear(data) });
  // Nobody lives on for being asked.
  channel.unref();
  return channel;
}

function ownChannel(thread: number): string {
  return `${MEETING}/${thread}`;
}

function keyOf(thread: number): string {
  return `thread ${thread}`;
}
