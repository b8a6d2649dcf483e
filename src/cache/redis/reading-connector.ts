import type { AbstractConnector, StandaloneConnectionOptions } from 'ioredis';
import type { OnReadOpts, Socket, TcpNetConnectOpts } from 'node:net';

type Base = typeof AbstractConnector;
type Options = StandaloneConnectionOptions & { readonly disconnectTimeout?: number };

/** Bytes read at once, as many as Node would make room for at each read. */
const BUFFER_BYTES = 64 * 1024;

/**
 * How ioredis connects, with one buffer for all that arrives on a connection (`onread` of `node:net`). Node would
 * otherwise make 64 KiB anew for each answer and pass it through a stream: a tenth of a round trip on the same machine.
 *
 * The class comes from ioredis, which is loaded by those that use it only.
 */
export function readingConnector(base: Base): new (options: unknown) => AbstractConnector {
  return class ReadingConnector extends base {
    readonly #options: Options;

    constructor(options: unknown) {
      const given = options as Options;
      super(given.disconnectTimeout ?? 0);
      this.#options = given;
    }

    override async connect(): Promise<Socket> {
      this.connecting = true;
      // Whoever disconnects in this turn comes first.
      await Promise.resolve();
      if (!this.connecting) throw new Error('Connection is closed.');
      const socket = openSocket(this.#options);
      socket.once('error', (error) => (this.firstError = error));
      this.stream = socket;
      return socket;
    }
  };
}

function openSocket({ host, port, path, family, tls }: Options): Socket {
  const onread: OnReadOpts = {
    buffer: Buffer.allocUnsafeSlow(BUFFER_BYTES),
    callback(bytes, buffer) {
      // Replies are parts of what is handed on, and the buffer is about to be filled again.
      const data = Buffer.allocUnsafe(bytes);
      data.set(bytes === buffer.length ? buffer : buffer.subarray(0, bytes));
      socket.emit('data', data);
      return true;
    },
  };
  const where = path != null ? { path } : { host, port, family };
  const options = { ...where, onread } as TcpNetConnectOpts;
  // Loaded by those that connect only, as ioredis is.
  const socket: Socket = tls
    ? process.getBuiltinModule('node:tls').connect({ ...options, ...tls })
    : process.getBuiltinModule('node:net').createConnection(options);
  return socket;
}
