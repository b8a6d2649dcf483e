import { expect } from 'chai';
import { readMachineCpu } from '../../src/resources/machine-cpu.js';
import { kernelFiles, type KernelFiles } from '../fakes/kernel-files.js';

describe('readMachineCpu', () => {
  let machine: KernelFiles;

  afterEach(() => machine.remove());

  it('reads the sum over the cores in seconds', () => {
    const cores = 'cpu0 1 1 1 1 1 1 1 1 0 0\ncpu1 1 1 1 1 1 1 1 1 0 0\nintr 5\n';
    machine = kernelFiles({ '/proc/stat': `cpu  1000 200 300 40000 500 60 70 80 0 0\n${cores}` });

    expect(readMachineCpu(machine.files)).to.deep.equal({
      user: 10,
      nice: 2,
      system: 3,
      idle: 400,
      iowait: 5,
      interrupt: 1.3,
      steal: 0.8,
    });
  });

  it('does without the modes an old kernel does not know', () => {
    machine = kernelFiles({ '/proc/stat': 'cpu 100 200 300 400\n' });

    expect(readMachineCpu(machine.files)).to.deep.equal({
      user: 1,
      nice: 2,
      system: 3,
      idle: 4,
      interrupt: 0,
    });
  });

  for (const text of ['', 'cpu\n', 'cpu 1 2\n', 'cpu a b c d\n', '<html>cpu 1 2 3 4</html>']) {
    it(`makes nothing of ${JSON.stringify(text)}`, () => {
      machine = kernelFiles({ '/proc/stat': text });

      expect(readMachineCpu(machine.files)).to.equal(undefined);
    });
  }
});
