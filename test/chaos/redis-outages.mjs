import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Network } from './redis-proxy.mjs';
import { monotonicMs } from './redis-time.mjs';

const START_PATIENCE_MS = 15_000;
/** Above the deadline of reads. */
const DELAY_MS = 250;
const FLAP_MS = 300;

/**
 * How Redis goes away and comes back. `begin` and `end` resolve to when that was, by the monotonic clock; `end` to when
 * Redis answered again.
 */
export const OUTAGES = {
  killed: {
    async begin({ server }) {
      const at = monotonicMs();
      server.kill();
      return at;
    },
    async end({ server }) {
      await server.start();
      return monotonicMs();
    },
  },
  stopped: {
    async begin({ server }) {
      const at = monotonicMs();
      server.signal('SIGSTOP');
      return at;
    },
    async end({ server }) {
      server.signal('SIGCONT');
      return monotonicMs();
    },
  },
  slowed: {
    usesNetwork: true,
    async begin({ network }) {
      network.become({ delayMs: DELAY_MS });
      return monotonicMs();
    },
    async end({ network }) {
      network.become({});
      return monotonicMs();
    },
  },
  /** In turn it hangs and all connections are cut. */
  flapping: {
    usesNetwork: true,
    comesAndGoes: true,
    timesAway: ({ away }) => away,
    async begin(stage) {
      const at = monotonicMs();
      stage.flaps = flap(stage);
      return at;
    },
    async end(stage) {
      stage.flapsEnd = true;
      return stage.flaps;
    },
  },
};

async function flap(stage) {
  const { network } = stage;
  const bad = [{ isHanging: true }, { isCut: true }];
  stage.away = 0;
  for (;;) {
    network.become(bad[stage.away % bad.length]);
    stage.away += 1;
    await sleep(FLAP_MS);
    network.become({});
    if (stage.flapsEnd) return monotonicMs();
    await sleep(FLAP_MS);
  }
}

/** A Redis on a port of its own that keeps what it has over a kill, with a network before it where that is wanted. */
export async function openStage({ usesNetwork = false }) {
  const server = new Server(await freePort());
  await server.start();
  const network = usesNetwork ? await Network.to(server.port) : undefined;
  return {
    server,
    network,
    url: `redis://127.0.0.1:${network?.port ?? server.port}`,
    close() {
      network?.close();
      server.close();
    },
  };
}

class Server {
  port;
  #folder = mkdtempSync(join(tmpdir(), 'perf-chaos-redis-'));
  #child;
  #killAtExit = () => this.kill();

  constructor(port) {
    this.port = port;
    process.once('exit', this.#killAtExit);
  }

  get pid() {
    return this.#child.pid;
  }

  async start() {
    const where = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder, '--save', ''];
    const keep = ['--appendonly', 'yes', '--appendfsync', 'no'];
    this.#child = spawn('redis-server', [...where, ...keep], { stdio: 'ignore' });
    await once(this.#child, 'spawn');
    const end = monotonicMs() + START_PATIENCE_MS;
    while (!(await answers(this.port))) {
      if (monotonicMs() > end) throw new Error('redis-server does not answer');
      await sleep(2);
    }
  }

  signal(name) {
    this.#child.kill(name);
  }

  kill() {
    this.#child.kill('SIGKILL');
  }

  close() {
    process.off('exit', this.#killAtExit);
    this.kill();
    this.#child.once('close', () => rmSync(this.#folder, { recursive: true, force: true }));
  }
}

/** Not so while it still reads its file. */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const done = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (text) => done(String(text).startsWith('+PONG')));
    socket.once('error', () => done(false));
  });
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
