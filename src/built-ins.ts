import type * as Crypto from 'node:crypto';
import type * as Net from 'node:net';
import type * as WorkerThreads from 'node:worker_threads';
import type * as Zlib from 'node:zlib';

// Modules of Node that take a millisecond or more to load, each when it is first asked for: the import of this package
// needs none of them. Kept here, as `getBuiltinModule` takes 100 ns, and a checksum hardly more.
let crypto: typeof Crypto | undefined;
let net: typeof Net | undefined;
let workerThreads: typeof WorkerThreads | undefined;
let zlib: typeof Zlib | undefined;

export function nodeCrypto(): typeof Crypto {
  return (crypto ??= process.getBuiltinModule('node:crypto'));
}

export function nodeNet(): typeof Net {
  return (net ??= process.getBuiltinModule('node:net'));
}

export function nodeWorkerThreads(): typeof WorkerThreads {
  return (workerThreads ??= process.getBuiltinModule('node:worker_threads'));
}

export function nodeZlib(): typeof Zlib {
  return (zlib ??= process.getBuiltinModule('node:zlib'));
}
