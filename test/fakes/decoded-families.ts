/** A field of a protobuf message: a number, or the bytes of a text or of another message. */
type Field = readonly [number: number, value: number | Buffer];

/** A message as its fields by their numbers, in order. */
export class Message {
  readonly #fields: readonly Field[];

  constructor(bytes: Buffer) {
    this.#fields = fieldsOf(bytes);
  }

  all(number: number): (number | Buffer)[] {
    return this.#fields.filter(([known]) => known === number).map(([, value]) => value);
  }

  number(number: number): number | undefined {
    return this.all(number)[0] as number | undefined;
  }

  text(number: number): string | undefined {
    return (this.all(number)[0] as Buffer | undefined)?.toString('utf8');
  }

  messages(number: number): Message[] {
    return this.all(number).map((value) => new Message(value as Buffer));
  }

  packed(number: number): number[] {
    const reader = { at: 0 };
    const bytes = (this.all(number)[0] as Buffer | undefined) ?? Buffer.alloc(0);
    const values: number[] = [];
    while (reader.at < bytes.length) values.push(varint(bytes, reader));
    return values;
  }
}

/** Messages with their lengths in front. */
export function decodeDelimited(bytes: Buffer): Message[] {
  const messages: Message[] = [];
  const reader = { at: 0 };
  while (reader.at < bytes.length) {
    const length = varint(bytes, reader);
    if (reader.at + length > bytes.length) throw new Error('a message is cut off');
    messages.push(new Message(bytes.subarray(reader.at, reader.at + length)));
    reader.at += length;
  }
  return messages;
}

export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  const reader = { at: 0 };
  while (reader.at < bytes.length) {
    const tag = varint(bytes, reader);
    const [number, type] = [tag >> 3, tag & 7];
    if (type === 0) fields.push([number, varint(bytes, reader)]);
    else if (type === 1) {
      fields.push([number, bytes.readDoubleLE(reader.at)]);
      reader.at += 8;
    } else {
      const length = varint(bytes, reader);
      fields.push([number, bytes.subarray(reader.at, reader.at + length)]);
      reader.at += length;
    }
  }
  return fields;
}

function varint(bytes: Buffer, reader: { at: number }): number {
  let value = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[reader.at++]!;
    value += (byte & 127) * factor;
    if (byte < 128) return value;
  }
}
