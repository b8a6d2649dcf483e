import { InvalidOptionError, PerformanceError } from '../../errors.js';

/** Turns values into text or bytes and back. Used by the tiers that keep values outside of this process. */
export interface Serializer {
  /** Stored with every entry; one that was written under another name is a miss. */
  readonly name: string;
  /** @throws when the value cannot be carried, {@link UnserializableError} for the ones built in. */
  encode(value: unknown): Uint8Array | string;
  /**
   * The value, or `undefined` for what it did not write or cannot read: that is a miss. What it throws counts as such
   * too. The buffer is the decoder's to keep.
   */
  decode(data: Buffer): unknown;
}

/** A value, or something inside of it, is nothing the serializer can carry. */
export class UnserializableError extends PerformanceError {
  /** Where in the value, for example `user.friends[2].callback`; empty for the value itself. */
  readonly path: string;

  constructor(serializer: string, path: string, reason: string, options?: ErrorOptions) {
    super(
      'PERF_UNSERIALIZABLE',
      `${serializer} cannot carry ${path === '' ? 'the value' : path}: ${reason}`,
      options,
    );
    this.path = path;
  }
}

/** @throws {InvalidOptionError} for something that is no serializer. */
export function checkSerializer(option: string, given: unknown): Serializer {
  const { name, encode, decode } = (given ?? {}) as Partial<Serializer>;
  const isSerializer =
    typeof name === 'string' && name !== '' && typeof encode === 'function' && typeof decode === 'function';
  if (!isSerializer) {
    throw new InvalidOptionError(option, 'a name, or an object with name, encode and decode', given);
  }
  return given as Serializer;
}
