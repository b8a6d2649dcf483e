import { expect } from 'chai';
import { Container } from '../../src/resources/container.js';
import { kernelFiles, type KernelFiles } from '../fakes/kernel-files.js';

const MB = 1024 * 1024;
const NO_LIMIT = '9223372036854771712\n';
const SECOND_MOUNT = '30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n';
const FIRST_MOUNTS = [
  '31 23 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs ro',
  '32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu',
  '33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct',
  '35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
].join('\n');

/** A cgroup of version 2 without limits. */
const FREE = {
  'memory.max': 'max\n',
  'memory.high': 'max\n',
  'memory.current': `${300 * MB}\n`,
  'memory.stat': `anon ${200 * MB}\nfile ${100 * MB}\ninactive_file ${60 * MB}\n`,
  'memory.events': 'low 0\nhigh 4\nmax 3\noom 2\noom_kill 1\noom_group_kill 0\n',
  'cpu.max': 'max 100000\n',
  'cpu.stat':
    'usage_usec 5000000\nuser_usec 4000000\nsystem_usec 1000000\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n',
};

describe('Container', () => {
  const machines: KernelFiles[] = [];

  afterEach(() => {
    for (const machine of machines.splice(0)) machine.remove();
  });

  it('reads a limited cgroup of version 2', () => {
    const { container } = on('0::/\n', SECOND_MOUNT, {
      '/sys/fs/cgroup': {
        ...FREE,
        'memory.max': `${512 * MB}\n`,
        'cpu.max': '50000 100000\n',
        'cpu.stat': 'usage_usec 5000000\nnr_periods 100\nnr_throttled 25\nthrottled_usec 1500000\n',
      },
    });

    expect(container.read()).to.deep.equal({
      versions: [2],
      memory: {
        usageBytes: 300 * MB,
        workingSetBytes: 240 * MB,
        limitBytes: 512 * MB,
        events: { high: 4, max: 3, oom: 2, oom_kill: 1 },
      },
      cpu: {
        usedSeconds: 5,
        limitCores: 0.5,
        periods: 100,
        throttledPeriods: 25,
        throttledSeconds: 1.5,
      },
    });
  });

  it('has no limits where there are none', () => {
    const { container } = on('0::/app\n', SECOND_MOUNT, { '/sys/fs/cgroup/app': FREE });

    const { memory, cpu } = container.read()!;

    expect(memory).to.include({ limitBytes: undefined, usageBytes: 300 * MB });
    expect(cpu).to.include({ limitCores: undefined, usedSeconds: 5 });
  });

  it('finds the limit on a level above, and compares it with what is used there', () => {
    const { container } = on('0::/pod/app\n', SECOND_MOUNT, {
      '/sys/fs/cgroup/pod/app': { ...FREE, 'memory.max': `${900 * MB}\n`, 'cpu.max': '200000 100000\n' },
      '/sys/fs/cgroup/pod': {
        ...FREE,
        'memory.max': `${800 * MB}\n`,
        'memory.current': `${700 * MB}\n`,
        'memory.stat': `inactive_file ${100 * MB}\n`,
        'cpu.max': '150000 100000\n',
        'cpu.stat': 'usage_usec 9000000\nnr_periods 10\nnr_throttled 5\nthrottled_usec 500000\n',
      },
    });

    const { memory, cpu } = container.read()!;

    expect(memory).to.include({
      limitBytes: 800 * MB,
      usageBytes: 700 * MB,
      workingSetBytes: 600 * MB,
    });
    // The quota is the pod's, the time used is our own.
    expect(cpu).to.include({ limitCores: 1.5, throttledPeriods: 5, throttledSeconds: 0.5, usedSeconds: 5 });
  });

  it('counts the limit from which the kernel slows the process down', () => {
    const limited = { ...FREE, 'memory.max': `${512 * MB}\n`, 'memory.high': `${400 * MB}\n` };
    const { container } = on('0::/\n', SECOND_MOUNT, { '/sys/fs/cgroup': limited });

    expect(container.read()?.memory?.limitBytes).to.equal(400 * MB);
  });

  it('reads version 1, whose controllers lie in different trees', () => {
    const { container } = on('4:memory:/docker/1f\n3:cpu:/docker/1f\n2:cpuacct:/docker/1f\n', FIRST_MOUNTS, {
      '/sys/fs/cgroup/memory/docker/1f': {
        'memory.limit_in_bytes': NO_LIMIT,
        'memory.usage_in_bytes': `${90 * MB}\n`,
      },
      '/sys/fs/cgroup/memory/docker': {
        'memory.limit_in_bytes': `${256 * MB}\n`,
        'memory.usage_in_bytes': `${100 * MB}\n`,
        'memory.stat': `cache 1\ninactive_file 7\ntotal_inactive_file ${10 * MB}\n`,
        'memory.failcnt': '12\n',
        'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
      },
      '/sys/fs/cgroup/cpu/docker/1f': {
        'cpu.cfs_quota_us': '25000\n',
        'cpu.cfs_period_us': '50000\n',
        'cpu.stat': 'nr_periods 40\nnr_throttled 4\nthrottled_time 2500000000\n',
      },
      '/sys/fs/cgroup/cpu': { 'cpu.cfs_quota_us': '-1\n', 'cpu.cfs_period_us': '100000\n' },
      '/sys/fs/cgroup/cpuacct/docker/1f': { 'cpuacct.usage': '3000000000\n' },
    });

    expect(container.read()).to.deep.equal({
      versions: [1],
      memory: {
        usageBytes: 100 * MB,
        workingSetBytes: 90 * MB,
        limitBytes: 256 * MB,
        events: { max: 12, oom_kill: 2 },
      },
      cpu: {
        usedSeconds: 3,
        limitCores: 0.5,
        periods: 40,
        throttledPeriods: 4,
        throttledSeconds: 2.5,
      },
    });
  });

  it('knows the limit of levels it cannot see, which version 1 tells', () => {
    const { container } = on('4:memory:/\n', FIRST_MOUNTS, {
      '/sys/fs/cgroup/memory': {
        'memory.limit_in_bytes': NO_LIMIT,
        'memory.usage_in_bytes': '100\n',
        'memory.stat': `hierarchical_memory_limit ${64 * MB}\ntotal_inactive_file 1\n`,
      },
    });

    expect(container.read()?.memory).to.include({ limitBytes: 64 * MB, workingSetBytes: 99 });
  });

  it('takes memory from version 1 and the CPU from version 2 where both stand side by side', () => {
    const mounts = [
      '35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
      '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    ].join('\n');
    const { container } = on('4:memory:/\n0::/app\n', mounts, {
      '/sys/fs/cgroup/memory': { 'memory.limit_in_bytes': NO_LIMIT, 'memory.usage_in_bytes': '100\n' },
      '/sys/fs/cgroup/unified/app': { 'cpu.max': '100000 100000\n', 'cpu.stat': 'usage_usec 1000000\n' },
    });

    const reading = container.read()!;

    expect(reading.versions).to.deep.equal([1, 2]);
    expect(reading.memory?.limitBytes).to.equal(undefined);
    expect(reading.cpu).to.include({ limitCores: 1, usedSeconds: 1, periods: undefined });
    expect(container.unifiedFolder).to.equal('/sys/fs/cgroup/unified/app');
  });

  it('sees a limit that is changed while it runs', () => {
    const { container, machine } = on('0::/\n', SECOND_MOUNT, { '/sys/fs/cgroup': FREE });
    container.read();

    machine.write('/sys/fs/cgroup/memory.max', `${128 * MB}\n`);
    machine.write('/sys/fs/cgroup/cpu.max', '10000 100000\n');

    expect(container.read()?.memory?.limitBytes).to.equal(128 * MB);
    expect(container.read()?.cpu?.limitCores).to.equal(0.1);
  });

  it('follows when the process is moved into another cgroup', () => {
    const { container, machine } = on('0::/a\n', SECOND_MOUNT, {
      '/sys/fs/cgroup/a': { ...FREE, 'memory.max': '1000\n' },
      '/sys/fs/cgroup/b': { ...FREE, 'memory.max': '2000\n' },
    });
    const before = container.read()?.memory?.limitBytes;

    machine.write('/proc/self/cgroup', '0::/b\n');

    expect([before, container.read()?.memory?.limitBytes]).to.deep.equal([1000, 2000]);
  });

  it('leaves out what vanishes, and throws nothing', () => {
    const { container, machine } = on('0::/app\n', SECOND_MOUNT, {
      '/sys/fs/cgroup/app': { ...FREE, 'memory.current': 'max\n' },
    });

    expect(container.read()?.memory).to.equal(undefined);
    expect(container.read()?.cpu?.usedSeconds).to.equal(5);
    machine.files.close();
    machine.delete('/sys/fs/cgroup/app');

    expect(container.read()).to.equal(undefined);
  });

  it('makes nothing of garbage', () => {
    const garbage = Object.fromEntries(Object.keys(FREE).map((name) => [name, '<html>\n\0 502 -1 x']));
    const { container } = on('0::/app\n', SECOND_MOUNT, {
      '/sys/fs/cgroup/app': { ...garbage, 'memory.current': '100\n' },
    });

    expect(container.read()).to.deep.equal({
      versions: [2],
      memory: { usageBytes: 100, workingSetBytes: 100, limitBytes: undefined, events: {} },
      cpu: {
        usedSeconds: undefined,
        limitCores: undefined,
        periods: undefined,
        throttledPeriods: undefined,
        throttledSeconds: undefined,
      },
    });
  });

  it('is nothing where there are no cgroups', () => {
    const machine = kernelFiles({});
    machines.push(machine);

    expect(new Container(machine.files).read()).to.equal(undefined);
  });

  function on(
    cgroup: string,
    mountinfo: string,
    folders: Readonly<Record<string, Readonly<Record<string, string>>>>,
  ) {
    const machine = kernelFiles({ '/proc/self/cgroup': cgroup, '/proc/self/mountinfo': mountinfo });
    machines.push(machine);
    for (const [folder, texts] of Object.entries(folders)) {
      for (const [name, text] of Object.entries(texts)) machine.write(`${folder}/${name}`, text);
    }
    return { machine, container: new Container(machine.files) };
  }
});
