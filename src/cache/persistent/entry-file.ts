import { nodeZlib } from '../../built-ins.js';
import type { DamagedEntry, EntryHeader, FoundEntry } from './engine.js';

/**
 * A file holds three parts, of which the first two are lines of text, and the third is too when the serializer is json:
 *
 *     perf-cache 2 1c291ca3
 *     {"key":"user:7","serializer":"json","writtenAt":1767225600000,"ttl":60}
 *     {"name":"Ada"}
 *
 * The number at the end of the first line is the CRC32 of all that follows it.
 */
const MAGIC = 'perf-cache 2 ';
const FIRST_LINE_BYTES = MAGIC.length + 9;
const NEW_LINE = 0x0a;

/** Enough for the header of most entries. */
export const HEAD_BYTES = 4096;

export function encodeEntry(header: EntryHeader, body: string | Uint8Array): string | Buffer {
  const head = `${JSON.stringify(header)}\n`;
  if (typeof body === 'string') {
    const rest = `${head}${body}\n`;
    return `${firstLine(nodeZlib().crc32(rest))}${rest}`;
  }
  const { crc32 } = nodeZlib();
  const checksum = crc32(body, crc32(head));
  return Buffer.concat([Buffer.from(`${firstLine(checksum)}${head}`), body]);
}

function firstLine(checksum: number): string {
  return `${MAGIC}${checksum.toString(16).padStart(8, '0')}\n`;
}

/** @param isBorrowed that the bytes of `file` will change. */
export function decodeEntry(file: Buffer, isBorrowed = false): FoundEntry | DamagedEntry {
  const stamp = checksumIn(file);
  if (stamp === undefined || nodeZlib().crc32(file.subarray(FIRST_LINE_BYTES)) !== stamp)
    return damaged(file);
  const end = file.indexOf(NEW_LINE, FIRST_LINE_BYTES);
  const header = decodeHeader(file, end);
  return header === undefined ? damaged(file) : { header, body: file.subarray(end + 1), isBorrowed, stamp };
}

/** The header at the start of a file, without a look at the rest: what it says may be damaged. */
export function peekHeader(head: Buffer): EntryHeader | 'longer' | undefined {
  if (checksumIn(head) === undefined) return undefined;
  const end = head.indexOf(NEW_LINE, FIRST_LINE_BYTES);
  if (end < 0) return head.length >= HEAD_BYTES ? 'longer' : undefined;
  return decodeHeader(head, end);
}

function decodeHeader(file: Buffer, end: number): EntryHeader | undefined {
  try {
    const header = JSON.parse(file.toString('utf8', FIRST_LINE_BYTES, end)) as EntryHeader;
    const isHeader = typeof header.key === 'string' && typeof header.writtenAt === 'number';
    return isHeader ? header : undefined;
  } catch {
    return undefined;
  }
}

function checksumIn(file: Buffer): number | undefined {
  if (file.length < FIRST_LINE_BYTES || file[FIRST_LINE_BYTES - 1] !== NEW_LINE) return undefined;
  const line = file.toString('latin1', 0, FIRST_LINE_BYTES - 1);
  if (!line.startsWith(MAGIC)) return undefined;
  const checksum = Number.parseInt(line.slice(MAGIC.length), 16);
  return Number.isNaN(checksum) ? undefined : checksum;
}

function damaged(file: Buffer): DamagedEntry {
  return { header: undefined, stamp: nodeZlib().crc32(file) };
}
