import { nodeCrypto } from '../../built-ins.js';
import type { Clock } from '../../clock.js';
import type { TierLock } from '../tier.js';
import type { CacheFolder } from './cache-folder.js';
import { takeLock } from './lock-file.js';

/** The right to load a key. Without a working file system there is no lock: everyone may load. */
export function takeLoadLock(
  folder: CacheFolder,
  key: string,
  seconds: number,
  clock: Clock,
): TierLock | undefined {
  try {
    return takeLock(folder.lockFile(nodeCrypto().hash('sha256', key)), seconds, clock);
  } catch {
    return { release: () => {} };
  }
}
