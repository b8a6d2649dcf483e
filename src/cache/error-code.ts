/** A word for an error that is safe to show, where its message may quote what nobody should see: `ENOSPC`, `WRONGPASS`. */
export function codeOf(thrown: unknown): string {
  const { code, message, name } = (thrown ?? {}) as { code?: unknown; message?: unknown; name?: unknown };
  if (typeof code === 'string' && code !== '') return code;
  const word = typeof message === 'string' ? /^[A-Z]{2,20}\b/.exec(message)?.[0] : undefined;
  return word ?? (typeof name === 'string' ? name : 'unknown');
}
