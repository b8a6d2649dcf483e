import { promisify } from 'node:util';
import { fs, nodeFsPromises } from '../../built-ins.js';
import type { Awaitable } from '../tier.js';
import type { DamagedEntry, FoundEntry } from './engine.js';
import { decodeEntry } from './entry-file.js';
import { isAbsent } from './system-error.js';

/** Up to here a read from the page cache takes less time than handing it to a thread. */
export const AT_ONCE_BYTES = 64 * 1024;

/** For all reads at once of this thread; a byte more than is read at once, to see that a file is longer. */
const scratch = Buffer.allocUnsafeSlow(AT_ONCE_BYTES + 1);

const [fstat, read, close] = [promisify(fs.fstat), promisify(fs.read), promisify(fs.close)];

/** The entry in a file; a promise only when it is long. @throws what the system does, unless the file is not there. */
export function readEntry(file: string): Awaitable<FoundEntry | DamagedEntry | undefined> {
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, 'r');
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    throw cause;
  }
  let bytes = 0;
  try {
    bytes = fs.readSync(descriptor, scratch, 0, scratch.length, 0);
  } catch (cause) {
    fs.closeSync(descriptor);
    throw cause;
  }
  if (bytes > AT_ONCE_BYTES) return readLong(descriptor);
  fs.closeSync(descriptor);
  return decodeEntry(scratch.subarray(0, bytes), true);
}

/** By the descriptor, so that it is one file from its beginning to its end whatever happens to its name. */
async function readLong(descriptor: number): Promise<FoundEntry | DamagedEntry> {
  try {
    const { size } = await fstat(descriptor);
    const file = Buffer.allocUnsafeSlow(size);
    let at = 0;
    while (at < size) {
      const { bytesRead } = await read(descriptor, file, at, size - at, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return decodeEntry(file.subarray(0, at));
  } finally {
    await close(descriptor);
  }
}

/** False for a long file, which somebody may be reading in several steps: it stays as it is. */
export function overwrite(file: string, entry: string | Buffer): boolean {
  const descriptor = fs.openSync(file, 'r+');
  try {
    // Asked now: another process may have put a longer one in place since the name was looked at.
    const { size } = fs.fstatSync(descriptor);
    if (size > AT_ONCE_BYTES) return false;
    fs.writeFileSync(descriptor, entry);
    const length = Buffer.byteLength(entry);
    if (length < size) fs.ftruncateSync(descriptor, length);
    return true;
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Makes a new file. */
export async function writeLong(
  temporary: string,
  entry: string | Buffer,
  isFlushed: boolean,
): Promise<void> {
  const file = await nodeFsPromises().open(temporary, 'wx');
  try {
    await file.writeFile(entry);
    if (isFlushed) await file.sync();
  } finally {
    await file.close();
  }
}

/** The new name itself is on disk only when its folder is. */
export async function flushFolder(path: string): Promise<void> {
  const folder = await nodeFsPromises().open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
