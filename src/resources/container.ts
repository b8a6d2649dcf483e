import { join } from 'node:path';
import { fs } from '../built-ins.js';
import { findCgroups, type CgroupFolders } from './cgroup-folders.js';
import { cpuIn, type CgroupCpu } from './cgroup-cpu.js';
import { memoryIn, type CgroupMemory } from './cgroup-memory.js';
import type { KeptFiles } from './kept-files.js';

/** What the cgroup of the process uses and may use. A container is one; so is a service of systemd. */
export interface ContainerReading {
  readonly versions: readonly (1 | 2)[];
  readonly memory: CgroupMemory | undefined;
  readonly cpu: CgroupCpu | undefined;
}

/** Reads the cgroup of this process, 10 to 30 microseconds, and follows when it is moved into another one. */
export class Container {
  readonly #files: KeptFiles;
  #cgroup: string | undefined;
  #folders: CgroupFolders | undefined;

  constructor(files: KeptFiles) {
    this.#files = files;
  }

  /** The own folder of version 2, where the pressure on this cgroup is told. */
  get unifiedFolder(): string | undefined {
    return this.#folders?.unified?.levels[0];
  }

  /** `undefined` where there are no cgroups, and where the own one neither counts nor limits anything. */
  read(): ContainerReading | undefined {
    const folders = this.#find();
    if (folders === undefined) return undefined;
    const memory = folders.memory && memoryIn(this.#files, folders.memory);
    const cpu = folders.cpu && cpuIn(this.#files, folders.cpu, folders.cpuAccount);
    if (memory === undefined && cpu === undefined) return undefined;
    const versions = [folders.memory?.version, folders.cpu?.version].filter(
      (version) => version !== undefined,
    );
    return { versions: [...new Set(versions)], memory, cpu };
  }

  #find(): CgroupFolders | undefined {
    const cgroup = this.#files.read('/proc/self/cgroup');
    if (cgroup === this.#cgroup) return this.#folders;
    // The files of the former cgroup would keep its folder from being removed.
    if (this.#folders !== undefined) this.#files.close();
    this.#cgroup = cgroup;
    const exists = (folder: string) => fs.existsSync(join(this.#files.root, folder));
    this.#folders = cgroup === undefined ? undefined : findCgroups(cgroup, this.#mounts(), exists);
    return this.#folders;
  }

  /** Needed once, and long where there are many mounts: not kept. */
  #mounts(): string {
    try {
      return fs.readFileSync(join(this.#files.root, '/proc/self/mountinfo'), 'latin1');
    } catch {
      return '';
    }
  }
}
