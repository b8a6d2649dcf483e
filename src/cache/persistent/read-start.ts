import { fs } from '../../built-ins.js';

/** The first bytes of a file, at most `length`, and how long it is; `undefined` when it is not there. */
export function readStart(
  file: string,
  length: number,
): { readonly bytes: Buffer; readonly size: number } | undefined {
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return undefined;
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, 'r');
  } catch {
    return undefined;
  }
  try {
    const bytes = Buffer.allocUnsafe(Math.min(size, length));
    return { bytes: bytes.subarray(0, fs.readSync(descriptor, bytes, 0, bytes.length, 0)), size };
  } finally {
    fs.closeSync(descriptor);
  }
}
