const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A terminal, npm and the process above may all pass the same Ctrl-C on; only a later one means impatience. */
const SAME_REQUEST_MS = 1000;
const INTERRUPTED = 130;

/** Aborts when the process is asked to end: Ctrl-C, `kill`, a closed terminal. A second request ends it at once. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let askedAt: number | undefined;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      askedAt ??= performance.now();
      if (performance.now() - askedAt > SAME_REQUEST_MS) process.exit(INTERRUPTED);
      stop.abort();
    });
  }
  // Whoever read our output has gone, as `| head` does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    stop.abort();
  });
  return stop.signal;
}
