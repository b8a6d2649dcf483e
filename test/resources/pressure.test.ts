import { expect } from 'chai';
import { readPressures } from '../../src/resources/pressure.js';
import { kernelFiles, type KernelFiles } from '../fakes/kernel-files.js';

const SOME = 'some avg10=1.50 avg60=0.16 avg300=3.95 total=3125871969\n';
const FULL = 'full avg10=0.25 avg60=0.00 avg300=0.00 total=2000000\n';

describe('readPressures', () => {
  let machine: KernelFiles;

  beforeEach(() => {
    machine = kernelFiles({ '/proc/pressure/cpu': SOME + FULL, '/proc/pressure/memory': SOME });
  });

  afterEach(() => machine.remove());

  it('reads shares and seconds of the machine; older kernels have no "full" for the CPU', () => {
    const some = { share: 0.015, seconds: 3125.871969 };

    expect(readPressures(machine.files, undefined)).to.deep.equal({
      cpu: { scope: 'machine', some, full: { share: 0.0025, seconds: 2 } },
      memory: { scope: 'machine', some, full: undefined },
    });
  });

  it('prefers the pressure on the own cgroup, where the kernel tells it', () => {
    machine.write('/sys/fs/cgroup/app/memory.pressure', 'some avg10=50.00 avg60=0 avg300=0 total=1000000\n');

    const { cpu, memory } = readPressures(machine.files, '/sys/fs/cgroup/app');

    expect(memory).to.deep.include({ scope: 'cgroup', some: { share: 0.5, seconds: 1 } });
    expect(cpu?.scope).to.equal('machine');
  });

  it('has nothing where the kernel tells none, or something else', () => {
    machine.write('/proc/pressure/cpu', 'some avg10=nan\n');
    machine.delete('/proc/pressure/memory');

    expect(readPressures(machine.files, '/sys/fs/cgroup')).to.deep.equal({});
  });
});
