import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 50;

/** A short wait is nobody's business. */
const SILENT_POLLS = 20;

/** Longer than any of our actions takes: an older lock is from a process whose number somebody else has now. */
const STALE_MS = 60 * 60_000;

/** A lock without an owner is from a process that died between making and signing it, once it is this old. */
const UNSIGNED_STALE_MS = 10_000;

/**
 * Runs `action` while no other process runs one of the same `purpose` for the same folder. The lock is a folder
 * outside of the repository, because making a folder is atomic and `npm ci` empties node_modules.
 */
export async function withLock(purpose, folder, action) {
  const lock = lockPath(purpose, folder);
  await take(lock, purpose);
  try {
    return await action();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

/** Where the lock of `purpose` for `folder` lies. */
export function lockPath(purpose, folder) {
  const user = process.getuid?.() ?? 'user';
  const key = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return join(tmpdir(), `gary-zero-performance-${purpose}-${user}-${key}.lock`);
}

async function take(lock, purpose) {
  for (let waits = 0; !(await makeFolder(lock)); waits++) {
    if (await isStale(lock)) {
      await discard(lock);
      continue;
    }
    if (waits === SILENT_POLLS) console.error(`waiting for another process to finish its ${purpose}`);
    await delay(POLL_MS);
  }
  await writeFile(join(lock, 'owner'), String(process.pid));
}

async function makeFolder(path) {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(lock) {
  const age = await stat(lock).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  const owner = Number(await readFile(join(lock, 'owner'), 'utf8').catch(() => 0));
  if (owner === 0) return age > UNSIGNED_STALE_MS;
  return age > STALE_MS || !isRunning(owner);
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

// Two waiters may find the same lock stale: only one of them can move it away.
async function discard(lock) {
  const aside = `${lock}.${process.pid}`;
  try {
    await rename(lock, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}
