import { join } from 'node:path';
import { fs } from '../built-ins.js';
import type { KeptFiles } from './kept-files.js';

export interface OpenFilesReading {
  readonly open: number;
  /** At so many, opening fails with EMFILE; `undefined` for no limit. */
  readonly limit: number | undefined;
}

/** Listing the descriptors of a process with thousands takes milliseconds: where that is needed, not each time. */
const SAMPLES_PER_COUNT = 12;
const PROC_MAGIC = 0x9fa0;

/** Counts the open file descriptors of this process. Since Linux 6.2 the folder that lists them tells how many. */
export class OpenFiles {
  readonly #files: KeptFiles;
  readonly #folder: string;
  readonly #isProc: boolean;
  #samples = 0;
  #listed: number | undefined;
  #limit: number | undefined;

  constructor(files: KeptFiles) {
    this.#files = files;
    this.#folder = join(files.root, '/proc/self/fd');
    this.#isProc = valueOrNothing(() => fs.statfsSync(this.#folder).type) === PROC_MAGIC;
  }

  read(): OpenFilesReading | undefined {
    const isDue = this.#samples++ % SAMPLES_PER_COUNT === 0;
    if (isDue) this.#limit = limitIn(this.#files.read('/proc/self/limits'));
    const counted = this.#isProc ? valueOrNothing(() => fs.statSync(this.#folder).size) : undefined;
    if (counted !== undefined && counted > 0) return { open: counted, limit: this.#limit };
    // Listing them takes one more, which is not the application's.
    if (isDue) this.#listed = valueOrNothing(() => Math.max(0, fs.readdirSync(this.#folder).length - 1));
    return this.#listed === undefined ? undefined : { open: this.#listed, limit: this.#limit };
  }
}

/** The line `Max open files  20000  20000  files`, the soft limit first. */
function limitIn(limits: string | undefined): number | undefined {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(limits ?? '') ?? [];
  return soft === undefined ? undefined : Number(soft);
}

function valueOrNothing(read: () => number): number | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
