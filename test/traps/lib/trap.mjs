import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const fromBench = createRequire(new URL('../../../bench/package.json', import.meta.url));

/** The package as it is built. */
export const ours = () => import('../../../dist/index.js');

/** A package we compare with; they are installed for the benchmarks. */
export const peer = (name) => import(pathToFileURL(fromBench.resolve(name)).href);

export class Skipped extends Error {}

/** The subject cannot do what the trap is about. */
export function skip() {
  throw new Skipped();
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Work that never ends. */
export const never = () => new Promise(() => {});

/** What a promise rejects with; it must settle within the time. */
export async function thrownBy(promise, withinMs = 2000) {
  const outcome = await Promise.race([
    promise.then(
      () => 'resolved',
      (error) => ({ error }),
    ),
    sleep(withinMs).then(() => 'is pending'),
  ]);
  assert.equal(typeof outcome, 'object', `it ${outcome}`);
  return outcome.error;
}

/** Megabytes of live JavaScript heap. */
export async function liveHeap() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await sleep(10);
  }
  return process.memoryUsage().heapUsed / 2 ** 20;
}

/** Microseconds of CPU time per call. */
export async function cpuOf(calls, act) {
  const before = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}
