import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Lines of output kept for error messages. */
const TAIL_LINES = 30;
const STOP_PATIENCE_MS = 5000;

/** A server that refuses to start holds up the suite for this long at most. Seconds. */
export const START_TIMEOUT = 15;

export interface StartOptions {
  /** Resolves when the program can be used. The signal aborts when the program ends before that. */
  readonly ready: (child: ChildProcess, signal: AbortSignal) => Promise<unknown>;
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningProcess {
  readonly pid: number;
  /** The last lines it printed, stdout and stderr in order of arrival. */
  output(): string;
  /** Asks it to end, and after 5 s makes it end. Resolves when it is gone; calling it again does no harm. */
  stop(): Promise<void>;
}

/** Starts a program and waits until it is ready. It never outlives this process. */
export async function startProcess(
  command: string,
  args: readonly string[],
  { ready, cwd, env }: StartOptions,
): Promise<RunningProcess> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
  });
  const output = collectTail(child);
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const closed = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, signal) => resolve(`ended with ${signal ?? `exit code ${code}`}`));
  }).finally(() => process.off('exit', kill));

  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(kill, STOP_PATIENCE_MS);
    await closed.finally(() => clearTimeout(timer));
  };

  const early = new AbortController();
  const failed = closed.then((how): never => {
    const error = new Error(`${command} ${how} before it was ready:\n${output()}`);
    early.abort(error);
    throw error;
  });
  try {
    await Promise.race([ready(child, early.signal), failed]);
  } catch (error) {
    if (early.signal.aborted) throw early.signal.reason;
    await stop();
    throw new Error(`${command} did not become ready, it printed:\n${output()}`, { cause: error });
  } finally {
    failed.catch(() => undefined);
  }
  return { pid: child.pid!, output, stop };
}

/** A port that nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no TCP port was given');
  return address.port;
}

/** Whether a process with that number exists. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function collectTail(child: ChildProcess): () => string {
  let kept = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      kept = (kept + text).split('\n').slice(-TAIL_LINES).join('\n');
    });
  }
  return () => (kept.trim() === '' ? '(nothing)' : kept.trim());
}
