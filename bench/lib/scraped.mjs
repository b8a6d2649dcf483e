import { spawn } from 'node:child_process';
import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('scrape-server.mjs', import.meta.url));

/** A library's /metrics in a process of its own, and questions to it. */
export class Scraped {
  #child;
  #port;
  #agent = new Agent({ keepAlive: true });

  static async start(subject, kind, lines) {
    const args = ['--expose-gc', '--max-old-space-size=4000', SERVER, subject, kind, String(lines)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const port = await new Promise((resolve, reject) => {
      child.stdout.once('data', (text) => resolve(Number(text)));
      child.once('exit', (code) => reject(new Error(`the server for ${subject} ended with ${code}`)));
    });
    return new Scraped(child, port);
  }

  constructor(child, port) {
    this.#child = child;
    this.#port = port;
  }

  get isRunning() {
    return this.#child.exitCode === null;
  }

  /** Reads all of it. Resolves to the size in bytes. */
  async scrape(question = '') {
    const response = await this.open(`/metrics${question}`);
    let bytes = 0;
    for await (const chunk of response) bytes += chunk.length;
    return bytes;
  }

  async ask(path) {
    const response = await this.open(path);
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return text === '' ? undefined : JSON.parse(text);
  }

  /** A response nobody has read yet. */
  open(path, agent = this.#agent) {
    return new Promise((resolve, reject) => {
      const host = '127.0.0.1';
      get({ host, port: this.#port, path, agent }, resolve).once('error', reject);
    });
  }

  async stop() {
    this.#agent.destroy();
    this.#child.removeAllListeners('exit');
    if (!this.isRunning) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }
}
