import { expect } from 'chai';
import * as crypto from 'node:crypto';
import * as net from 'node:net';
import * as workerThreads from 'node:worker_threads';
import * as zlib from 'node:zlib';
import { nodeCrypto, nodeNet, nodeWorkerThreads, nodeZlib } from '../src/built-ins.js';

describe('built-in modules', () => {
  it('are those of Node', () => {
    expect(nodeCrypto().randomUUID).to.equal(crypto.randomUUID);
    expect(nodeNet().isIP).to.equal(net.isIP);
    expect(nodeWorkerThreads().MessageChannel).to.equal(workerThreads.MessageChannel);
    expect(nodeZlib().gzipSync).to.equal(zlib.gzipSync);
  });
});
