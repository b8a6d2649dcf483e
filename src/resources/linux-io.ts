import { numberAt } from './kernel-text.js';
import type { KeptFiles } from './kept-files.js';

/** Bytes since the machine started. */
export interface DiskTotals {
  readonly readBytes: number;
  readonly writtenBytes: number;
}

export interface NetworkTotals {
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** The kernel counts disk traffic in sectors of 512 bytes, whatever the device uses (Documentation/admin-guide/iostats). */
const SECTOR_BYTES = 512;

export function readDisks(files: KeptFiles): DiskTotals | undefined {
  const diskstats = files.read('/proc/diskstats');
  return diskstats === undefined ? undefined : diskTotals(diskstats);
}

export function readNetwork(files: KeptFiles): NetworkTotals | undefined {
  const netDev = files.read('/proc/net/dev');
  return netDev === undefined ? undefined : networkTotals(netDev);
}

/** What this process had read from and written to disks; what the kernel answered from memory is left out. */
export function readProcessDisks(files: KeptFiles): DiskTotals | undefined {
  const io = files.read('/proc/self/io');
  const [readBytes, writtenBytes] = [numberAt(io, 'read_bytes:'), numberAt(io, 'write_bytes:')];
  if (readBytes === undefined || writtenBytes === undefined) return undefined;
  return { readBytes, writtenBytes };
}

/**
 * Whole disks only: a partition's traffic is in its disk's, and loop and RAM devices are not disks. Behind the name come
 * reads, reads merged, sectors read, milliseconds, writes, writes merged, sectors written.
 */
const DISK =
  /^ *\d+ +\d+ (?:sd[a-z]+|hd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+) \d+ \d+ (\d+) \d+ \d+ \d+ (\d+)/gm;

export function diskTotals(diskstats: string): DiskTotals {
  let [read, written] = [0, 0];
  for (const [, sectorsRead, sectorsWritten] of diskstats.matchAll(DISK)) {
    read += Number(sectorsRead);
    written += Number(sectorsWritten);
  }
  return { readBytes: read * SECTOR_BYTES, writtenBytes: written * SECTOR_BYTES };
}

export function networkTotals(netDev: string): NetworkTotals {
  let [sent, received] = [0, 0];
  for (const line of netDev.split('\n').slice(2)) {
    const [device, counts] = line.split(':');
    if (counts === undefined || device!.trim() === 'lo') continue;
    const fields = counts.trim().split(/\s+/);
    received += Number(fields[0]) || 0;
    sent += Number(fields[8]) || 0;
  }
  return { sentBytes: sent, receivedBytes: received };
}
