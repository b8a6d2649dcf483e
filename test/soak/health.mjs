// What the soak looks at inside of the application: what grows, and what went wrong without anybody noticing.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Everything that ends up here is a violation. */
const EVENTS = ['unhandledRejection', 'uncaughtExceptionMonitor'];

/** To be made before the package is loaded, which may keep the functions of Node. */
export class Health {
  wrong = [];
  isDiskFull = false;
  #collectGarbage;
  #offsetMs = 0;

  constructor() {
    setFlagsFromString('--expose-gc');
    this.#collectGarbage = runInNewContext('gc');
    for (const event of EVENTS)
      process.on(event, (error) => this.wrong.push(`${event}: ${error?.stack ?? error}`));
    process.on('warning', (warning) => {
      if (warning.name === 'MaxListenersExceededWarning') this.wrong.push(String(warning));
    });
    const { now } = Date;
    Date.now = () => now() + this.#offsetMs;
    const { writeFileSync } = fs;
    fs.writeFileSync = (...given) => {
      if (!this.isDiskFull) return writeFileSync(...given);
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    syncBuiltinESMExports();
  }

  jump(ms) {
    this.#offsetMs += ms;
  }

  sample() {
    this.#collectGarbage();
    this.#collectGarbage();
    const { heapUsed, external, rss } = process.memoryUsage();
    const active = process.getActiveResourcesInfo();
    return {
      heapMb: (heapUsed + external) / 1e6,
      rssMb: rss / 1e6,
      fds: process.platform === 'linux' ? fs.readdirSync('/proc/self/fd').length : 0,
      handles: active.filter((name) => name !== 'Timeout').length,
      timers: active.filter((name) => name === 'Timeout').length,
    };
  }
}
