import { nodeV8, nodeZlib } from '../../built-ins.js';
import { findRefusal, refuseUnportable } from './refusal.js';
import { UnserializableError, type Serializer } from './serializer.js';
import { putTogether, takeApart, type Apart } from './apart.js';
import { containsSpecial } from './special-values.js';

/**
 * Envelope: magic (3 bytes), format version, V8 major, flags, CRC32 of the rest (4 bytes, little endian), then what V8
 * wrote. V8 by itself accepts most damaged bytes and returns other values for them.
 */
const MAGIC = 'gzp';
const FORMAT = 1;
const HEADER_BYTES = 10;
/** The value is a {@link Apart}. */
const IS_APART = 1;
const V8_MAJOR = Number.parseInt(process.versions.v8, 10);

/**
 * Binary, by V8's structured clone: keeps Map, Set, Date, RegExp, bigint, typed arrays, cycles and shared references, and
 * beyond it errors with all their fields, URL, and classes given to `registerType`. Decoding runs no code but the
 * `fromPlain` of those. Data of another version of Node is read where V8 can, and is a miss where it cannot.
 */
export const structuredSerializer: Serializer = {
  name: 'structured',
  encode(value) {
    const isApart = containsSpecial(value);
    const body = encodeBody(value, isApart);
    const data = Buffer.allocUnsafe(HEADER_BYTES + body.length);
    data.write(MAGIC, 0, 'latin1');
    data[3] = FORMAT;
    data[4] = V8_MAJOR;
    data[5] = isApart ? IS_APART : 0;
    data.writeUInt32LE(nodeZlib().crc32(body), 6);
    body.copy(data, HEADER_BYTES);
    return data;
  },
  decode(data) {
    if (data.length <= HEADER_BYTES || data.toString('latin1', 0, 3) !== MAGIC || data[3] !== FORMAT)
      return undefined;
    const body = data.subarray(HEADER_BYTES);
    if (data.readUInt32LE(6) !== nodeZlib().crc32(body) || data[5]! > IS_APART) return undefined;
    try {
      const value: unknown = nodeV8().deserialize(body);
      return data[5] === IS_APART ? putTogether(value as Apart) : value;
    } catch {
      // Written by a newer V8, or with a type that is not registered here.
      return undefined;
    }
  },
};

function encodeBody(value: unknown, isApart: boolean): Buffer {
  if (value === undefined) throw new UnserializableError('structured', '', 'undefined');
  try {
    return nodeV8().serialize(isApart ? takeApart(value) : value);
  } catch (cause) {
    const refusal = findRefusal(value, refuseUnportable, { allowCycles: true });
    if (refusal === undefined && cause instanceof UnserializableError) throw cause;
    const { path, reason } = refusal ?? { path: '', reason: (cause as Error).message };
    throw new UnserializableError('structured', path, reason, { cause });
  }
}
