import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { fs, nodeCrypto } from '../../built-ins.js';
import type { Clock } from '../../clock.js';
import { codeOf } from '../error-code.js';
import { isAbsent } from './system-error.js';

interface LockContent {
  readonly token: string;
  /** Within which `pid` means something. */
  readonly place: string;
  readonly pid: number;
  readonly takenAt: number;
  readonly seconds: number;
}

export interface HeldLock {
  release(): void;
}

/** A lock whose file cannot be read is just being written, or a disk failed; it is over after this time. */
const UNREADABLE_SECONDS = 5;

let ownPlace: string | undefined;

/**
 * A lock among processes: a file that only one of them can create. `undefined` while somebody has it. One whose owner
 * has died or whose time is over is taken away first.
 *
 * @throws when the file system refuses; who calls decides what goes on without a lock.
 */
export function takeLock(file: string, seconds: number, clock: Clock): HeldLock | undefined {
  const token = nodeCrypto().randomUUID();
  const now = clock.wallNow();
  const content: LockContent = { token, place: placeOf(), pid: process.pid, takenAt: now, seconds };
  if (create(file, content)) return { release: () => takeAway(file, token) };
  const before = readLock(file);
  if (before === undefined || isHeld(file, before, now)) return undefined;
  takeAway(file, before === 'unreadable' ? undefined : before.token);
  return create(file, content) ? { release: () => takeAway(file, token) } : undefined;
}

function create(file: string, content: LockContent): boolean {
  for (;;) {
    try {
      const descriptor = fs.openSync(file, 'wx');
      writeContent(file, descriptor, content);
      return true;
    } catch (cause) {
      if (codeOf(cause) === 'EEXIST') return false;
      if (codeOf(cause) !== 'ENOENT') throw cause;
      fs.mkdirSync(dirname(file), { recursive: true });
    }
  }
}

/** A full disk must not leave a lock that nobody holds. */
function writeContent(file: string, descriptor: number, content: LockContent): void {
  try {
    fs.writeFileSync(descriptor, JSON.stringify(content));
  } catch (cause) {
    fs.rmSync(file, { force: true });
    throw cause;
  } finally {
    fs.closeSync(descriptor);
  }
}

function readLock(file: string): LockContent | 'unreadable' | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as LockContent;
  } catch (cause) {
    return isAbsent(cause) ? undefined : 'unreadable';
  }
}

function isHeld(file: string, lock: LockContent | 'unreadable', now: number): boolean {
  if (lock === 'unreadable') {
    const writtenAt = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
    return Date.now() - writtenAt < UNREADABLE_SECONDS * 1000;
  }
  const age = now - lock.takenAt;
  // Taken in the future: the clock went back, and nobody knows how long it has been held.
  if (age < -1000 || age > lock.seconds * 1000) return false;
  return lock.place !== placeOf() || isAlive(lock.pid);
}

/**
 * Removes the lock that has this token. Between reading and removing, another process may have taken a new lock by the
 * same name; so the file is first moved to a name of our own, and put back when it turns out to be another.
 */
function takeAway(file: string, token: string | undefined): void {
  const aside = `${file}.${nodeCrypto().randomUUID()}.tmp`;
  try {
    fs.renameSync(file, aside);
    const taken = readLock(aside);
    const isMeant = taken === 'unreadable' ? token === undefined : taken?.token === token;
    if (!isMeant) fs.linkSync(aside, file);
  } catch {
    // Somebody else took it away, or a new lock is already in its place.
  }
  fs.rmSync(aside, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return codeOf(cause) === 'EPERM';
  }
}

/** The machine, and within it the container, whose processes have numbers of their own. */
function placeOf(): string {
  if (ownPlace === undefined) {
    let namespace = '';
    try {
      namespace = fs.readlinkSync('/proc/self/ns/pid');
    } catch {
      // Not Linux.
    }
    ownPlace = `${hostname()} ${namespace}`;
  }
  return ownPlace;
}
