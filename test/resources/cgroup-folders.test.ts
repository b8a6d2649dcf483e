import { expect } from 'chai';
import { findCgroups } from '../../src/resources/cgroup-folders.js';

const UNIFIED = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate';
const TMPFS = '31 23 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755';
const everywhere = () => true;

describe('findCgroups', () => {
  it('walks up from the own cgroup of version 2 to where the hierarchy is mounted', () => {
    const found = findCgroups('0::/system.slice/api.service\n', UNIFIED, everywhere);

    const levels = [
      '/sys/fs/cgroup/system.slice/api.service',
      '/sys/fs/cgroup/system.slice',
      '/sys/fs/cgroup',
    ];
    expect(found.unified).to.deep.equal({ version: 2, levels });
    expect(found.memory).to.equal(found.unified);
    expect(found.cpu).to.equal(found.unified);
    expect(found.cpuAccount).to.equal(undefined);
  });

  it('finds each controller of version 1 in its own tree, and version 2 beside them', () => {
    const cgroup = '4:memory:/pod/app\n3:cpu,cpuacct:/\n1:name=systemd:/x\n0::/app\n';
    const mounts = [
      TMPFS,
      '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
      '35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
      '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    ].join('\n');

    const found = findCgroups(cgroup, mounts, everywhere);

    expect(found.memory).to.deep.equal({
      version: 1,
      levels: ['/sys/fs/cgroup/memory/pod/app', '/sys/fs/cgroup/memory/pod', '/sys/fs/cgroup/memory'],
    });
    expect(found.cpu).to.deep.equal({ version: 1, levels: ['/sys/fs/cgroup/cpu,cpuacct'] });
    expect(found.cpuAccount).to.deep.equal(found.cpu);
    expect(found.unified?.levels[0]).to.equal('/sys/fs/cgroup/unified/app');
  });

  const places: readonly (readonly [what: string, cgroup: string, mounts: string, levels: string[]])[] = [
    ['inside of a namespace, where the own cgroup is called /', '0::/\n', UNIFIED, ['/sys/fs/cgroup']],
    ['outside of the namespace', '0::/../../other\n', UNIFIED, ['/sys/fs/cgroup']],
    [
      'where only a part of the hierarchy is mounted',
      '0::/docker/1f/worker\n',
      '30 23 0:26 /docker/1f /sys/fs/cgroup ro - cgroup2 cgroup ro',
      ['/sys/fs/cgroup/worker', '/sys/fs/cgroup'],
    ],
    [
      'where the own cgroup is the part that is mounted',
      '0::/docker/1f\n',
      '30 23 0:26 /docker/1f /sys/fs/cgroup ro - cgroup2 cgroup ro',
      ['/sys/fs/cgroup'],
    ],
    [
      'where another part is mounted, whose name begins alike',
      '0::/docker/1ff\n',
      '30 23 0:26 /docker/1f /sys/fs/cgroup ro - cgroup2 cgroup ro',
      ['/sys/fs/cgroup'],
    ],
    [
      'at a path with a blank',
      '0::/a\n',
      String.raw`30 23 0:26 / /mnt/c\040groups ro - cgroup2 cgroup ro`,
      ['/mnt/c groups/a', '/mnt/c groups'],
    ],
  ];
  for (const [what, cgroup, mounts, levels] of places) {
    it(`knows its place ${what}`, () => {
      expect(findCgroups(cgroup, mounts, everywhere).memory?.levels).to.deep.equal(levels);
    });
  }

  it('leaves out levels that cannot be seen', () => {
    const found = findCgroups('0::/kubepods/pod1/app\n', UNIFIED, (folder) => folder === '/sys/fs/cgroup');

    expect(found.memory?.levels).to.deep.equal(['/sys/fs/cgroup']);
  });

  const strange: readonly (readonly [what: string, cgroup: string, mounts: string])[] = [
    ['nothing', '', ''],
    ['no mount', '0::/app\n', TMPFS],
    ['no line of the own cgroup', '', UNIFIED],
    ['something else altogether', '<html>\n::\n0:', 'a b c - cgroup2\n - - -\n'],
  ];
  for (const [what, cgroup, mounts] of strange) {
    it(`finds nothing in ${what}`, () => {
      expect(findCgroups(cgroup, mounts, everywhere)).to.deep.equal({
        memory: undefined,
        cpu: undefined,
        cpuAccount: undefined,
        unified: undefined,
      });
    });
  }

  it('finds nothing in folders that are gone', () => {
    expect(findCgroups('0::/app\n', UNIFIED, () => false).memory).to.equal(undefined);
  });
});
