import { InvalidOptionError } from '../../errors.js';
import { jsonSerializer } from './json.js';
import { msgpackSerializer } from './msgpack.js';
import { checkSerializer, type Serializer } from './serializer.js';
import { structuredSerializer } from './structured.js';

/** `'pickle'` is another name for `'structured'`. */
export type SerializerName = 'json' | 'structured' | 'pickle' | 'msgpack';

const BUILT_IN: Readonly<Record<SerializerName, Serializer>> = {
  json: jsonSerializer,
  structured: structuredSerializer,
  pickle: structuredSerializer,
  msgpack: msgpackSerializer,
};

/** The serializer of a name, or the given one. @throws {InvalidOptionError} */
export function toSerializer(option: string, given: SerializerName | Serializer): Serializer {
  if (typeof given !== 'string') return checkSerializer(option, given);
  if (Object.hasOwn(BUILT_IN, given)) return BUILT_IN[given];
  throw new InvalidOptionError(option, `one of ${Object.keys(BUILT_IN).join(', ')}, or a serializer`, given);
}
