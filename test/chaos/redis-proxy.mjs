import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/**
 * A network between clients and a server on this machine. It passes everything on, after `delayMs` each way, holds it
 * back while it hangs, and refuses and cuts all connections while it is cut.
 */
export class Network {
  #state = { delayMs: 0, isHanging: false, isCut: false };
  #pipes = new Set();
  #server;

  static async to(port) {
    const network = new Network();
    network.#server = createServer((client) => network.#accept(client, port)).listen(0, '127.0.0.1');
    await once(network.#server, 'listening');
    return network;
  }

  get port() {
    return this.#server.address().port;
  }

  become(state) {
    this.#state = { delayMs: 0, isHanging: false, isCut: false, ...state };
    for (const pipe of this.#pipes) {
      if (this.#state.isCut) pipe.cut();
      else pipe.flush();
    }
  }

  close() {
    this.become({ isCut: true });
    this.#server.close();
  }

  #accept(client, port) {
    if (this.#state.isCut) {
      client.resetAndDestroy();
      return;
    }
    const server = connect(port, '127.0.0.1');
    const cut = () => {
      client.destroy();
      server.destroy();
      for (const pipe of ways) this.#pipes.delete(pipe);
    };
    const ways = [this.#oneWay(client, server, cut), this.#oneWay(server, client, cut)];
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', cut);
      socket.on('close', cut);
    }
  }

  /** Keeps the order, also when the delay changes. */
  #oneWay(from, to, cut) {
    const held = [];
    const flush = () => {
      while (
        held.length > 0 &&
        !this.#state.isHanging &&
        performance.now() >= held[0].at + this.#state.delayMs
      ) {
        if (!to.destroyed) to.write(held.shift().chunk);
        else held.length = 0;
      }
      if (held.length > 0 && this.#state.delayMs > 0) setTimeout(flush, 5);
    };
    from.on('data', (chunk) => {
      held.push({ chunk, at: performance.now() });
      if (held.length === 1 || this.#state.delayMs === 0) flush();
    });
    const pipe = { flush, cut };
    this.#pipes.add(pipe);
    return pipe;
  }
}
