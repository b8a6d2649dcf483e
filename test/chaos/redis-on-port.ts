import type { RunningRedis } from '../e2e/servers.js';
import { redisCommand, waitFor } from '../e2e/servers.js';
import { START_TIMEOUT, startProcess } from '../e2e/processes.js';

/** A Redis on a port of the test's choice, empty again after each start: for servers that go and come back. */
export async function startRedisOn(port: number, args: readonly string[] = []): Promise<RunningRedis> {
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...args];
  const server = await startProcess('redis-server', flags, {
    ready: (_, signal) =>
      waitFor(() => redisCommand(port, 'PING'), {
        what: 'PONG of redis-server',
        timeout: START_TIMEOUT,
        signal,
      }),
  });
  return { ...server, port, url: `redis://127.0.0.1:${port}` };
}

/** Ends it as a power cut does. */
export async function killRedis(server: RunningRedis): Promise<void> {
  process.kill(server.pid, 'SIGKILL');
  await server.stop();
}
