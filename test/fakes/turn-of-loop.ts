/** Lets everything happen that needs no time: promises settle, immediates run. */
export function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
