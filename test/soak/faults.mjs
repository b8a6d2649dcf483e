// What goes wrong in the soak, one after the other. Each takes a while and is over when it has ended.
import { execFileSync } from 'node:child_process';
import { openSync, closeSync, rmSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { OUTAGES } from '../chaos/redis-outages.mjs';

const HOUR_MS = 3_600_000;
const BALLAST_BYTES = 64 * 1024;

/** `begin` and `end` get the stage: the Redis, the collector, the disk and the application. */
export const FAULTS = {
  'redis killed': OUTAGES.killed,
  'collector hangs': {
    begin: ({ collector }) => void (collector.mode = 'hang'),
    end: ({ collector }) => collector.recover(),
  },
  'redis paused': OUTAGES.stopped,
  'disk full': {
    begin: ({ disk, app }) => (disk.isMounted ? disk.fill() : app.ask('fillDisk', true)),
    end: ({ disk, app }) => (disk.isMounted ? disk.empty() : app.ask('fillDisk', false)),
  },
  'clock an hour ahead': {
    begin: ({ app }) => app.ask('jump', HOUR_MS),
    end: ({ app }) => app.ask('jump', -HOUR_MS),
  },
  'redis flapping': OUTAGES.flapping,
  'collector down': {
    begin: ({ collector }) => void (collector.mode = 'refuse'),
    end: ({ collector }) => collector.recover(),
  },
  'clock an hour behind': {
    begin: ({ app }) => app.ask('jump', -HOUR_MS),
    end: ({ app }) => app.ask('jump', HOUR_MS),
  },
};

/** Takes what is pushed, as a collector does, or fails as one. */
export class Collector {
  mode = 'take';
  pushes = { taken: 0, failed: 0 };
  #server = createServer((request, response) => this.#answer(request, response));
  #hanging = new Set();

  async listen() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  recover() {
    this.mode = 'take';
    for (const response of this.#hanging) response.destroy();
    this.#hanging.clear();
  }

  #answer(request, response) {
    request.resume();
    if (this.mode === 'take') {
      this.pushes.taken += 1;
      request.once('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
      return;
    }
    this.pushes.failed += 1;
    if (this.mode === 'hang') this.#hanging.add(response);
    else response.destroy();
  }
}

/** A small disk for the persistent tier: one of its own where that is allowed, otherwise the application feigns it. */
export class Disk {
  isMounted;
  #folder;

  constructor(folder) {
    this.#folder = folder;
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'none', folder], { stdio: 'ignore' });
      this.isMounted = true;
    } catch {
      this.isMounted = false;
    }
  }

  fill() {
    const fd = openSync(this.#ballast, 'w');
    try {
      for (const bytes = Buffer.alloc(BALLAST_BYTES); ;) if (writeSync(fd, bytes) < bytes.length) return;
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    } finally {
      closeSync(fd);
    }
  }

  empty() {
    rmSync(this.#ballast, { force: true });
  }

  close() {
    if (this.isMounted) execFileSync('umount', ['--lazy', this.#folder], { stdio: 'ignore' });
  }

  /** Beside the folder of the cache, on the same disk. */
  get #ballast() {
    return join(this.#folder, 'ballast');
  }
}
