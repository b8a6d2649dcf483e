import { expect } from 'chai';
import * as crypto from 'node:crypto';
import * as fsPromises from 'node:fs/promises';
import * as net from 'node:net';
import * as v8 from 'node:v8';
import * as vm from 'node:vm';
import * as workerThreads from 'node:worker_threads';
import * as zlib from 'node:zlib';
import {
  nodeCrypto,
  nodeFsPromises,
  nodeNet,
  nodeV8,
  nodeVm,
  nodeWorkerThreads,
  nodeZlib,
} from '../src/built-ins.js';

describe('built-in modules', () => {
  it('are those of Node', () => {
    expect(nodeCrypto().randomUUID).to.equal(crypto.randomUUID);
    expect(nodeFsPromises().readFile).to.equal(fsPromises.readFile);
    expect(nodeNet().isIP).to.equal(net.isIP);
    expect(nodeV8().getHeapStatistics).to.equal(v8.getHeapStatistics);
    expect(nodeVm().runInNewContext).to.equal(vm.runInNewContext);
    expect(nodeWorkerThreads().MessageChannel).to.equal(workerThreads.MessageChannel);
    expect(nodeZlib().gzipSync).to.equal(zlib.gzipSync);
  });
});
