import { closeSync, openSync } from 'node:fs';
import { expect } from 'chai';
import { KeptFiles } from '../../src/resources/kept-files.js';
import { OpenFiles } from '../../src/resources/open-files.js';
import { kernelFiles, type KernelFiles } from '../fakes/kernel-files.js';

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max open files            1024                 20000                files
`;

describe('OpenFiles', () => {
  let machine: KernelFiles;

  beforeEach(() => {
    machine = kernelFiles({ '/proc/self/limits': LIMITS });
    for (const descriptor of ['0', '1', '2', '3']) machine.write(`/proc/self/fd/${descriptor}`, '');
  });

  afterEach(() => machine.remove());

  it('counts what is listed, without the descriptor the listing takes, and knows the soft limit', () => {
    expect(new OpenFiles(machine.files).read()).to.deep.equal({ open: 3, limit: 1024 });
  });

  it('lists them now and then only', () => {
    const openFiles = new OpenFiles(machine.files);
    openFiles.read();
    machine.write('/proc/self/fd/4', '');

    const counts = Array.from({ length: 12 }, () => openFiles.read()?.open);

    expect(counts).to.deep.equal([3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4]);
  });

  it('has no limit where there is none', () => {
    machine.write('/proc/self/limits', 'Max open files            unlimited            unlimited   files\n');

    expect(new OpenFiles(machine.files).read()).to.deep.equal({ open: 3, limit: undefined });
  });

  it('is nothing where nothing is listed', () => {
    machine.delete('/proc/self/fd');

    expect(new OpenFiles(machine.files).read()).to.equal(undefined);
  });

  it('sees a file that is opened in this process', function () {
    if (process.platform !== 'linux') this.skip();
    const files = new KeptFiles();
    // The first count opens the file of limits.
    new OpenFiles(files).read();
    const before = new OpenFiles(files).read()!;

    const opened = Array.from({ length: 50 }, () => openSync('/dev/null', 'r'));
    const after = new OpenFiles(files).read()!;
    for (const descriptor of opened) closeSync(descriptor);
    files.close();

    expect(after.open - before.open).to.be.within(45, 55);
    expect(after.limit).to.be.above(after.open);
  });
});
