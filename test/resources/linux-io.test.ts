import { expect } from 'chai';
import { KeptFiles } from '../../src/resources/kept-files.js';
import {
  diskTotals,
  networkTotals,
  readDisks,
  readNetwork,
  readProcessDisks,
} from '../../src/resources/linux-io.js';
import { kernelFiles } from '../fakes/kernel-files.js';

const DISKSTATS = `
   7       0 loop0 100 0 1000 0 100 0 1000 0 0 0 0 0 0 0 0 0 0
   1       0 ram0 100 0 1000 0 100 0 1000 0 0 0 0 0 0 0 0 0 0
   8       0 sda 5000 20 10 300 4000 30 20 500 0 700 800 0 0 0 0 0 0
   8       1 sda1 4900 20 9 300 3900 30 19 500 0 700 800 0 0 0 0 0 0
 259       0 nvme0n1 1 0 100 0 1 0 200 0 0 0 0 0 0 0 0 0 0
 259       1 nvme0n1p1 1 0 99 0 1 0 199 0 0 0 0 0 0 0 0 0 0
 252       0 vda 1 0 1000 0 1 0 2000 0 0 0 0
 202       0 xvda 1 0 10000 0 1 0 20000 0 0 0 0
 179       0 mmcblk0 1 0 100000 0 1 0 200000 0 0 0 0
 179       1 mmcblk0p1 1 0 100000 0 1 0 200000 0 0 0 0
 253       0 dm-0 1 0 5 0 1 0 5 0 0 0 0
  11       0 sr0 1 0 5 0 1 0 5 0 0 0 0
`;

const NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 999999    1000    0    0    0     0          0         0   999999    1000    0    0    0     0       0          0
  eth0: 1000000    5000    0    0    0     0          0         0   200000    3000    0    0    0     0       0          0
wlan0:1000      10    0    0    0     0          0         0   2000       20    0    0    0     0       0          0
`;

describe('diskTotals', () => {
  it('adds up whole disks in sectors of 512 bytes, each byte once', () => {
    expect(diskTotals(DISKSTATS)).to.deep.equal({
      readBytes: 111_110 * 512,
      writtenBytes: 222_220 * 512,
    });
  });

  const broken: readonly (readonly [what: string, text: string])[] = [
    ['nothing', ''],
    ['lines without fields', '\n\n   \n'],
    ['lines that end early', '8 0 sda\n8 0 sda 1 2\n'],
    ['words in place of numbers', '8 0 sda a b c d e f g h\n'],
    ['something else altogether', '<html>502 Bad Gateway</html>'],
  ];
  for (const [what, text] of broken) {
    it(`makes nothing of ${what}`, () => {
      expect(diskTotals(text)).to.deep.equal({ readBytes: 0, writtenBytes: 0 });
    });
  }
});

describe('networkTotals', () => {
  it('adds up the interfaces, loopback left out', () => {
    expect(networkTotals(NET_DEV)).to.deep.equal({
      receivedBytes: 1_001_000,
      sentBytes: 202_000,
    });
  });

  const broken: readonly (readonly [what: string, text: string])[] = [
    ['nothing', ''],
    ['headings alone', NET_DEV.split('\n').slice(0, 2).join('\n')],
    ['lines that end early', `h\nh\neth0:\neth1\n`],
    ['words in place of numbers', `h\nh\neth0: a b c d e f g h i\n`],
  ];
  for (const [what, text] of broken) {
    it(`makes nothing of ${what}`, () => {
      expect(networkTotals(text)).to.deep.equal({ receivedBytes: 0, sentBytes: 0 });
    });
  }
});

describe('readProcessDisks', () => {
  it('takes what went to disks, not what the kernel answered from memory', () => {
    const io =
      'rchar: 6976\nwchar: 5\nsyscr: 10\nsyscw: 1\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 1\n';
    const machine = kernelFiles({ '/proc/self/io': io });

    expect(readProcessDisks(machine.files)).to.deep.equal({ readBytes: 4096, writtenBytes: 8192 });
    machine.remove();
  });

  it('is nothing where the process may not read it, or it says something else', () => {
    const machine = kernelFiles({ '/proc/self/io': 'read_bytes: many\n' });

    expect(readProcessDisks(machine.files)).to.equal(undefined);
    machine.delete('/proc/self/io');
    expect(readProcessDisks(new KeptFiles(machine.root))).to.equal(undefined);
    machine.remove();
  });
});

describe('the files of this machine', () => {
  it('give totals that never go down, or nothing', () => {
    const files = new KeptFiles();
    for (const read of [readDisks, readNetwork, readProcessDisks]) {
      const [first, second] = [read(files), read(files)] as (Readonly<Record<string, number>> | undefined)[];

      for (const [name, value] of Object.entries(first ?? {}))
        expect(second![name], `${read.name} ${name}`).to.be.at.least(value);
      expect(first === undefined).to.equal(second === undefined);
    }
    files.close();
  });
});
