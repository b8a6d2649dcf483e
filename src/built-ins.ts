import type * as Crypto from 'node:crypto';
import type * as Fs from 'node:fs';
import type * as FsPromises from 'node:fs/promises';
import type * as Net from 'node:net';
import type * as V8 from 'node:v8';
import type * as Vm from 'node:vm';
import type * as WorkerThreads from 'node:worker_threads';
import type * as Zlib from 'node:zlib';

/** Is there already. An import by name would ask for each of its names, and load the streams of Node for some. */
export const fs: typeof Fs = process.getBuiltinModule('node:fs');

// Modules of Node that take a millisecond or more to load, each when it is first asked for: the import of this package
// needs none of them.
export const nodeCrypto: () => typeof Crypto = late('node:crypto');
/** It brings the streams of Node along. */
export const nodeFsPromises: () => typeof FsPromises = late('node:fs/promises');
export const nodeNet: () => typeof Net = late('node:net');
export const nodeV8: () => typeof V8 = late('node:v8');
export const nodeVm: () => typeof Vm = late('node:vm');
export const nodeWorkerThreads: () => typeof WorkerThreads = late('node:worker_threads');
export const nodeZlib: () => typeof Zlib = late('node:zlib');

/** Kept, as `getBuiltinModule` takes 100 ns, and a checksum hardly more. */
function late<Module>(name: string): () => Module {
  let module: Module | undefined;
  return () => (module ??= process.getBuiltinModule(name) as Module);
}
