import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { KeySource } from './key-source.js';

/** The trace cannot be read, or holds something else than keys. */
export class TraceError extends Error {
  readonly path: string;

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`the trace ${path} cannot be used: ${problem}`, options);
    this.name = 'TraceError';
    this.path = path;
  }
}

/** Replays the keys of a trace in their order, again from the first one after the last. */
export class TraceReplay implements KeySource {
  readonly file: string;
  readonly keys: readonly string[];
  #next = 0;
  #restarts = 0;

  constructor(file: string, keys: readonly string[]) {
    this.file = file;
    this.keys = keys;
  }

  get description(): string {
    return `${this.keys.length} keys of ${this.file}, from the start again when they end`;
  }

  get progress(): string {
    const again = this.#restarts === 0 ? '' : `, started again ${this.#restarts} times`;
    return `key ${this.#next} of ${this.keys.length}${again}`;
  }

  next(): string {
    if (this.#next === this.keys.length) {
      this.#next = 0;
      this.#restarts += 1;
    }
    return this.keys[this.#next++]!;
  }
}

/**
 * Reads a trace: 32-bit big-endian keys (`*.int32be`, or whatever is no text), or text with `key` or `time key bytes`
 * in each line, where lines with `*` are markers.
 *
 * @throws {TraceError}
 */
export async function readTrace(path: string): Promise<TraceReplay> {
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    throw new TraceError(path, reasonOf(error), { cause: error });
  }
  const isBinary = path.endsWith('.int32be') || !isText(content);
  const keys = isBinary ? binaryKeys(path, content) : textKeys(path, content.toString('utf8'));
  if (keys.length === 0) throw new TraceError(path, 'it holds no keys');
  return new TraceReplay(basename(path), keys);
}

const INT32_BYTES = 4;
/** Enough to tell: small keys have a zero byte in front, and text never has one. */
const PROBED_BYTES = 4096;
/** Longer than any key, and short enough for a message and a URL. */
const MAX_KEY_LENGTH = 200;

function isText(content: Buffer): boolean {
  const probe = content.subarray(0, PROBED_BYTES);
  if (probe.includes(0)) return false;
  try {
    // `stream`: the probe may end within a character.
    new TextDecoder('utf8', { fatal: true }).decode(probe, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function binaryKeys(path: string, content: Buffer): string[] {
  const { length } = content;
  if (length % INT32_BYTES !== 0) {
    throw new TraceError(
      path,
      `${length} bytes are no whole number of 32-bit keys, and it is no text either`,
    );
  }
  return Array.from({ length: length / INT32_BYTES }, (_, index) =>
    String(content.readUInt32BE(index * INT32_BYTES)),
  );
}

function textKeys(path: string, content: string): string[] {
  return content.split(/\r?\n/).flatMap((line, index) => {
    const fields = line.trim().split(/\s+/);
    if (fields[0] === '' || line.includes('*')) return [];
    const key = fields.length === 3 ? fields[1]! : fields[0]!;
    if ((fields.length !== 1 && fields.length !== 3) || key.length > MAX_KEY_LENGTH) {
      throw new TraceError(path, `line ${index + 1} is neither a key nor "time key bytes"`);
    }
    return [key];
  });
}

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES') return 'reading it is not allowed';
  return error instanceof Error ? error.message : String(error);
}
