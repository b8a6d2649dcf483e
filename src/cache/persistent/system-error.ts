/** The system's name for what went wrong: `ENOSPC`, `EACCES`, ... */
export function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? 'unknown';
}

/** The file, or a folder on the way to it, is not there. */
export function isAbsent(cause: unknown): boolean {
  return codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR';
}
