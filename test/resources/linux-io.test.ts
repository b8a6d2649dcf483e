import { expect } from 'chai';
import { diskTotals, LinuxIo, networkTotals } from '../../src/resources/linux-io.js';

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
      diskReadBytes: 111_110 * 512,
      diskWriteBytes: 222_220 * 512,
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
      expect(diskTotals(text)).to.deep.equal({ diskReadBytes: 0, diskWriteBytes: 0 });
    });
  }
});

describe('networkTotals', () => {
  it('adds up the interfaces, loopback left out', () => {
    expect(networkTotals(NET_DEV)).to.deep.equal({
      networkReceivedBytes: 1_001_000,
      networkSentBytes: 202_000,
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
      expect(networkTotals(text)).to.deep.equal({ networkReceivedBytes: 0, networkSentBytes: 0 });
    });
  }
});

describe('LinuxIo', () => {
  it('reads totals that never go down, or nothing where the system has none', () => {
    const io = new LinuxIo();

    const [first, second] = [io.read(), io.read()];
    io.close();

    for (const name of Object.keys(first ?? {}) as (keyof typeof first)[])
      expect(second![name], name).to.be.at.least(first![name]);
    expect(first === undefined).to.equal(second === undefined);
  });
});
