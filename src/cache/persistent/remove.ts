import { fs, nodeCrypto } from '../../built-ins.js';
import { diskBytes } from './cache-folder.js';

/**
 * Removes an entry's file when it still is the one that is meant. Between reading and removing, another process may
 * have put a new entry there; so the file is first moved to a name of our own, and put back when it turns out to be
 * another. Returns what room that made, in bytes of disk; a file that cannot be removed stays.
 */
export function removeIf(file: string, isMeant: (entry: Buffer) => boolean): number {
  const aside = `${file}.${nodeCrypto().randomUUID()}.tmp`;
  let freed = 0;
  try {
    fs.renameSync(file, aside);
    const entry = fs.readFileSync(aside);
    if (isMeant(entry)) freed = diskBytes(entry.length);
    else fs.linkSync(aside, file);
  } catch {
    // Somebody else removed it, or has already put another one there.
  }
  removeQuietly(aside);
  return freed;
}

/** A temporary file that cannot be removed is left to the sweeper. */
export function removeQuietly(file: string): void {
  try {
    fs.rmSync(file, { force: true });
  } catch {
    // What the caller is busy with matters more.
  }
}
