import { TierError } from '../../errors.js';
import { UnserializableError, type Serializer } from '../serializer/serializer.js';
import type { Unusable } from '../remote-metrics.js';
import type { EntryToKeep, TagVersions, TierEntry } from '../tier.js';

/** Short names, as each entry carries them. */
interface Header {
  /** When it was written, by the writer's clock in milliseconds. */
  readonly w: number;
  /** Seconds of freshness. Absent: for ever. */
  readonly t?: number;
  /** Seconds of grace. */
  readonly g?: number;
  /** Seconds of loading. */
  readonly l?: number;
  /** Versions of its tags. */
  readonly v?: TagVersions;
  /** The serializer's name, unless it is json. */
  readonly s?: string;
  /** The body is bytes, in base64. */
  readonly b?: 1;
}

/** Opens every entry of ours; the digit changes with the layout. */
const MAGIC = 'K1';
const DEFAULT_SERIALIZER = 'json';

/**
 * An entry as one text: `K1`, one line of JSON about it, and the value. Text is what every store, serializer, compressor
 * and cipher of Keyv carries unchanged.
 *
 * @param writtenAt wall-clock milliseconds.
 * @throws {TierError} when the serializer cannot carry the value.
 */
export function sealEntry(
  entry: EntryToKeep,
  ttl: number,
  writtenAt: number,
  serializer: Serializer,
): string {
  const { grace, tags, loadSeconds } = entry;
  const body = serialize(entry.value, serializer);
  const header: Header = {
    w: writtenAt,
    ...(Number.isFinite(ttl) && { t: ttl }),
    ...(grace > 0 && { g: Math.min(grace, Number.MAX_SAFE_INTEGER) }),
    ...(loadSeconds !== undefined && { l: loadSeconds }),
    ...(tags !== undefined && { v: tags }),
    ...(serializer.name !== DEFAULT_SERIALIZER && { s: serializer.name }),
    ...(typeof body !== 'string' && { b: 1 as const }),
  };
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('base64');
  return `${MAGIC}${JSON.stringify(header)}\n${text}`;
}

/** The entry in what a store had; its time may be over. `now`: wall-clock milliseconds. */
export function openEntry(found: unknown, now: number, serializer: Serializer): TierEntry | Unusable {
  if (typeof found !== 'string' || !found.startsWith(MAGIC)) return 'foreign';
  const end = found.indexOf('\n');
  if (end < 0) return 'damaged';
  try {
    const header = JSON.parse(found.slice(MAGIC.length, end)) as Header;
    if ((header.s ?? DEFAULT_SERIALIZER) !== serializer.name) return 'foreign';
    const { w, t, g = 0, l, v } = header;
    if (![w, t ?? 0, g, l ?? 0].every(Number.isFinite)) return 'damaged';
    const value = serializer.decode(Buffer.from(found.slice(end + 1), header.b === 1 ? 'base64' : 'utf8'));
    if (value === undefined) return 'damaged';
    // Clocks of machines differ: never more than what was given.
    const ttl = t === undefined ? Infinity : Math.min(t, t - (now - w) / 1000);
    return { value, ttl, grace: g, ...(v && { tags: v }), ...(l !== undefined && { loadSeconds: l }) };
  } catch {
    return 'damaged';
  }
}

function serialize(value: unknown, serializer: Serializer): Uint8Array | string {
  try {
    return serializer.encode(value);
  } catch (cause) {
    // The words of other serializers may hold what was to be cached.
    const isOurs = cause instanceof UnserializableError;
    const message = isOurs ? cause.message : `${serializer.name} cannot carry the value`;
    throw new TierError('keyv', message, { cause });
  }
}
