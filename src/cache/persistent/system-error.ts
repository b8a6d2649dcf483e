import { codeOf } from '../error-code.js';

/** The file, or a folder on the way to it, is not there. */
export function isAbsent(cause: unknown): boolean {
  return codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR';
}
