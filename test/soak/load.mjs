// The load of the soak: requests of several kinds, and what became of each, told by who sent them.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOPS = 12;
/** Most of the time a machine has is for the application. */
const PAUSE_MS = 4;
const KEYS = 1500;
const TASK_KINDS = ['short', 'short', 'failing', 'long'];

/** How many of a hundred requests are of a kind. */
const MIX = [
  [45, '/products/:id', () => `/products/${someKey()}`],
  [30, '/pages/:id', () => `/pages/${someKey()}`],
  [15, '/tasks/:kind', () => `/tasks/${TASK_KINDS[Math.floor(Math.random() * TASK_KINDS.length)]}`],
  [7, '/fails/:id', () => `/fails/${someKey()}`],
  [3, '/hangs/:id', () => `/hangs/${someKey()}`],
];

export class Load {
  /** Requests by route and status: `/products/:id 200`. */
  counts = {};
  /** Requests that got no answer at all, which none may. */
  lost = [];
  scrapes = { whole: 0, aborted: 0 };
  #urls;
  #agent = new Agent({ keepAlive: true, maxSockets: LOOPS });
  #isRunning = true;
  #loops;

  constructor(urls) {
    this.#urls = urls;
    this.#loops = [...Array.from({ length: LOOPS }, () => this.#visit()), this.#scrape()];
  }

  /** Resolves when the last answer is there. */
  async stop() {
    this.#isRunning = false;
    await Promise.all(this.#loops);
    this.#agent.destroy();
  }

  async #visit() {
    while (this.#isRunning) {
      const [route, path] = someVisit();
      await this.#ask(route, path).catch((error) => this.lost.push(`${route}: ${error.message}`));
      await sleep(PAUSE_MS * 2 * Math.random());
    }
  }

  async #ask(route, path) {
    const isCut = route === '/hangs/:id';
    // A client that has gone takes its connection along.
    const agent = isCut ? undefined : this.#agent;
    const { status } = await get(this.#urls.app + path, { agent, isCut });
    const key = `${route} ${status}`;
    this.counts[key] = (this.counts[key] ?? 0) + 1;
  }

  /** Every other one goes away while the page is written. */
  async #scrape() {
    for (let count = 0; this.#isRunning; count += 1) {
      const isCut = count % 2 === 1;
      await get(this.#urls.metrics, { isCut });
      this.scrapes[isCut ? 'aborted' : 'whole'] += 1;
      await sleep(500);
    }
  }
}

/** Resolves to the status and the text, or for one that is cut to the status, and ends the connection at once. */
export function get(url, { agent, isCut = false } = {}) {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent }, (response) => {
      const status = response.statusCode;
      if (isCut) {
        response.once('error', () => {});
        asked.destroy();
        resolve({ status });
        return;
      }
      let text = '';
      response.setEncoding('utf8').on('data', (more) => (text += more));
      response.once('end', () => resolve({ status, text }));
      response.once('error', reject);
    });
    asked.once('error', reject).end();
  });
}

function someVisit() {
  let left = Math.random() * 100;
  const [, route, path] = MIX.find(([share]) => (left -= share) < 0) ?? MIX[0];
  return [route, path()];
}

/** A few are asked for often, most seldom. */
function someKey() {
  return `k${Math.floor(KEYS * Math.random() ** 3)}`;
}
