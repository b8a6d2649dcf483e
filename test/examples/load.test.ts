import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Load } from '../../examples/storefront/load.js';
import { seededRandom } from '../../examples/storefront/random.js';
import { TraceReplay } from '../../examples/storefront/trace.js';

describe('storefront load', () => {
  let server: Server;
  let load: Load;

  afterEach(async () => {
    await load.stop();
    server.close();
  });

  it('opens the pages of its keys, as one visitor or another', async () => {
    const asked = new Set<string>();
    const all = withResolvers<void>();
    const url = await listen(({ url: path }, response) => {
      const product = /^\/products\/(.*)\?visitor=7$/.exec(path ?? '')?.[1];
      if (product !== undefined) asked.add(product);
      if (asked.size === 3) all.resolve();
      response.end();
    });

    load = loadOn(url, all.reject);
    load.start();
    await all.promise;

    // Not in which order they arrive: requests on different connections may overtake each other.
    expect([...asked]).to.have.members(['a%2Fb', '2', '3']);
  });

  it('uses its connections again', async () => {
    let answers = 0;
    const enough = withResolvers<void>();
    const url = await listen((_, response) => {
      if (++answers === 50) enough.resolve();
      response.end();
    });
    let connections = 0;
    server.on('connection', () => (connections += 1));

    load = loadOn(url, enough.reject);
    load.start();
    await enough.promise;

    expect(connections).to.be.below(50);
  });

  it('takes a decline as expected, and reports an answer that should not be', async () => {
    const reported = withResolvers<unknown>();
    const url = await listen(({ method }, response) => {
      response.writeHead(method === 'POST' ? 402 : 404).end();
    });

    load = loadOn(url, reported.resolve);
    load.start();

    expect(String(await reported.promise)).to.match(/^Error: GET \/\S* was answered with 404$/);
  });

  it('reports requests without an answer', async () => {
    const reported = withResolvers<unknown>();
    const url = await listen((request) => request.socket.destroy());

    load = loadOn(url, reported.resolve);
    load.start();

    expect(await reported.promise).to.include({ code: 'ECONNRESET' });
  });

  async function listen(answer: RequestListener): Promise<string> {
    server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
});

function loadOn(url: string, onUnexpected: (error: unknown) => void): Load {
  const keys = new TraceReplay('keys.txt', ['a/b', '2', '3']);
  const visitors = { next: () => 7 };
  return new Load({ url, keys, visitors, random: seededRandom(1), requestsPerSecond: 500, onUnexpected });
}

/** Promise.withResolvers came after Node 20. */
function withResolvers<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
} {
  let [resolve, reject]: [(value: T) => void, (error: unknown) => void] = [() => {}, () => {}];
  const promise = new Promise<T>((...settle) => ([resolve, reject] = settle));
  return { promise, resolve, reject };
}
