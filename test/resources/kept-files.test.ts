import { expect } from 'chai';
import { kernelFiles, type KernelFiles } from '../fakes/kernel-files.js';

describe('KeptFiles', () => {
  let machine: KernelFiles;

  beforeEach(() => {
    machine = kernelFiles({ '/proc/loadavg': '0.5 0.4 0.3\n' });
  });

  afterEach(() => machine.remove());

  it('sees each change of a file it keeps open', () => {
    const first = machine.files.read('/proc/loadavg');
    machine.write('/proc/loadavg', '7\n');

    expect([first, machine.files.read('/proc/loadavg')]).to.deep.equal(['0.5 0.4 0.3\n', '7\n']);
  });

  it('reads on where the kernel gives a long list in pieces', () => {
    const long = 'sda 1 2 3\n'.repeat(2000);
    machine.write('/proc/diskstats', long);

    expect(machine.files.read('/proc/diskstats')).to.equal(long);
  });

  it('has nothing for a file that is missing or a folder, and finds it some reads after it came', () => {
    machine.write('/proc/folder/file', '');

    expect(machine.files.read('/proc/pressure/cpu')).to.equal(undefined);
    expect(machine.files.read('/proc/folder')).to.equal(undefined);
    machine.write('/proc/pressure/cpu', 'some');
    const texts = Array.from({ length: 61 }, () => machine.files.read('/proc/pressure/cpu'));

    expect(texts.slice(0, 60)).to.deep.equal(Array.from({ length: 60 }, () => undefined));
    expect(texts[60]).to.equal('some');
  });

  it('opens what it needs again after it was closed', () => {
    machine.files.read('/proc/loadavg');
    machine.files.close();
    machine.files.close();

    expect(machine.files.read('/proc/loadavg')).to.equal('0.5 0.4 0.3\n');
  });

  it('does not cut the text of the one file by that of the other', () => {
    machine.write('/proc/stat', 'a'.repeat(3000));

    const long = machine.files.read('/proc/stat');
    const short = machine.files.read('/proc/loadavg');

    expect([long?.length, short]).to.deep.equal([3000, '0.5 0.4 0.3\n']);
  });
});
