/** The folders of one cgroup hierarchy, from the one the process is in up to the topmost it can see. */
export interface CgroupHierarchy {
  readonly version: 1 | 2;
  readonly levels: readonly [own: string, ...above: string[]];
}

/** Where the cgroups of this process lie. With version 1, memory and CPU may lie in different trees. */
export interface CgroupFolders {
  readonly memory: CgroupHierarchy | undefined;
  readonly cpu: CgroupHierarchy | undefined;
  /** Version 1 only: the hierarchy that counts CPU time. */
  readonly cpuAccount: CgroupHierarchy | undefined;
  /** Version 2, also where it stands beside version 1 and limits nothing. */
  readonly unified: CgroupHierarchy | undefined;
}

interface Mount {
  readonly version: 1 | 2;
  /** The folder of the hierarchy that is mounted. */
  readonly root: string;
  readonly point: string;
  /** Version 1: the controllers, among other options. */
  readonly options: readonly string[];
}

/**
 * Finds the cgroups of a process from its `/proc/self/cgroup` and `/proc/self/mountinfo`: version 1, version 2, both
 * side by side, and inside of a namespace, where the own cgroup is called `/` or lies outside of what is mounted.
 *
 * A limit may sit on any level above, such as that of the pod or the slice: the tightest one counts.
 */
export function findCgroups(
  cgroup: string,
  mountinfo: string,
  exists: (folder: string) => boolean,
): CgroupFolders {
  const paths = pathsFrom(cgroup);
  const mounts = mountinfo.split('\n').flatMap(mountFrom);
  const levelsOf = (mount: Mount | undefined, path: string | undefined): CgroupHierarchy | undefined => {
    if (mount === undefined || path === undefined) return undefined;
    const [own, ...above] = levelsIn(mount, path).filter(exists);
    return own === undefined ? undefined : { version: mount.version, levels: [own, ...above] };
  };
  const unified = levelsOf(
    mounts.find(({ version }) => version === 2),
    paths.get(''),
  );
  const controlled = (controller: string) =>
    levelsOf(
      mounts.find(({ version, options }) => version === 1 && options.includes(controller)),
      paths.get(controller),
    );
  return {
    memory: controlled('memory') ?? unified,
    cpu: controlled('cpu') ?? unified,
    cpuAccount: controlled('cpuacct'),
    unified,
  };
}

/** By controller; that of version 2 has no name. Lines such as `4:cpu,cpuacct:/docker/1f` and `0::/app.slice`. */
function pathsFrom(cgroup: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of cgroup.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const controller of controllers.split(',')) paths.set(controller, path);
  }
  return paths;
}

/** A line such as `35 31 0:31 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory`. */
function mountFrom(line: string): Mount[] {
  const [placed, described] = line.split(' - ');
  const [, , , root, point] = placed?.split(' ') ?? [];
  const [type, , options] = described?.split(' ') ?? [];
  if (root === undefined || point === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return [];
  const mount = { root: unescape(root), point: unescape(point), options: options?.split(',') ?? [] };
  return [{ ...mount, version: type === 'cgroup' ? 1 : 2 }];
}

/** The kernel writes blanks in paths as octal numbers. */
function unescape(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(parseInt(octal, 8)));
}

function levelsIn({ root, point }: Mount, path: string): string[] {
  const prefix = root === '/' ? '' : root;
  const inside = path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : '';
  const steps = inside.split('/').filter((step) => step !== '');
  // The own cgroup lies outside of the namespace: what is mounted is the nearest that can be seen.
  if (steps.includes('..')) return [point];
  return steps.map((_, i) => `${point}/${steps.slice(0, steps.length - i).join('/')}`).concat(point);
}
