import type { ServerResponse } from 'node:http';
import { pipeline, Readable, Transform } from 'node:stream';
import { finished, pipeline as piped } from 'node:stream/promises';
import { constants, createGzip, type Gzip } from 'node:zlib';
import type { Cancel, Clock } from '../../clock.js';
import { TimeoutError } from '../../errors.js';
import { noticeOnce } from '../../telemetry/notice.js';
import type { Piece } from './pacing.js';
import type { ScrapeFormat, ScrapeMetrics, ScrapeResult } from './scrape-metrics.js';
import { writePieces } from './write-pieces.js';

export interface ScrapeOptions {
  readonly clock: Clock;
  readonly metrics: ScrapeMetrics;
  readonly format: ScrapeFormat;
  readonly isGzip: boolean;
  /** Seconds, as Prometheus says how long it waits. */
  readonly timeoutHeader: string | undefined;
  readonly onEnd: () => void;
}

/** For who does not say how long it waits. */
const DEFAULT_TIMEOUT_MS = 30_000;
/** Nobody waits longer, whatever is said. */
const LONGEST_TIMEOUT_MS = 300_000;
/** Callbacks that hang hold up a scrape no longer than this, and never use up all of its time. */
const COLLECT_TIMEOUT_MS = 5000;
const COLLECT_SHARE = 0.8;

const HIGH_WATER_MARK = 64 * 1024;

/** One page on its way to one reader: it ends once, well or not, and lets go of everything then. */
export class Scrape {
  readonly collectTimeoutMs: number;
  readonly #options: ScrapeOptions;
  readonly #startedAt: number;
  readonly #cancelTimeout: Cancel;
  readonly #stopped: Promise<never>;
  readonly #stop: (error: Error) => void;
  #pieces: AsyncIterable<Piece> | undefined;
  #bytes = 0;
  #hasEnded = false;

  constructor(options: ScrapeOptions) {
    const { clock, timeoutHeader } = options;
    const timeoutMs = timeoutOf(timeoutHeader);
    this.#options = options;
    this.#startedAt = clock.now();
    this.collectTimeoutMs = Math.min(COLLECT_TIMEOUT_MS, timeoutMs * COLLECT_SHARE);
    let stop: (error: Error) => void = () => {};
    this.#stopped = new Promise((_, reject) => (stop = reject));
    this.#stopped.catch(() => {});
    this.#stop = stop;
    this.#cancelTimeout = clock.after(timeoutMs, () =>
      stop(new TimeoutError('a scrape of /metrics took too long', timeoutMs / 1000)),
    );
  }

  /** Rejects when the scrape's time is up first, or it is stopped. */
  inTime<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#stopped]);
  }

  start(pieces: AsyncIterable<Piece>): void {
    this.#pieces = this.#counted(pieces);
  }

  /** Writes the page; afterwards the response has ended, well or not. */
  async writeTo(response: ServerResponse): Promise<void> {
    try {
      const between = this.#options.isGzip ? fastGzip() : isWrapped(response) ? copies() : undefined;
      const ended = between === undefined ? finished(response) : piped(between, response);
      ended.catch(() => {});
      const target = between ?? response;
      const over = Promise.race([ended, this.#stopped]);
      over.catch(() => {});
      await writePieces(this.#pieces!, target, over);
      target.end();
      await over;
      this.end('ok');
    } catch (error) {
      response.destroy();
      this.fail(error);
    }
  }

  /** The page as a stream of bytes, for who cannot be written to. */
  toWeb(): ReadableStream<Uint8Array> {
    return Readable.toWeb(this.#toReadable()) as ReadableStream<Uint8Array>;
  }

  end(result: ScrapeResult): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#cancelTimeout();
    const { clock, metrics, format, onEnd } = this.#options;
    metrics.record(format, result, (clock.now() - this.#startedAt) / 1000, this.#bytes);
    onEnd();
  }

  /** Ends it by what went wrong. That may hold anything: it goes to the log, not to whoever asks. */
  fail(error: unknown): void {
    if (error instanceof TimeoutError) return this.end('timeout');
    if (isGone(error)) return this.end('aborted');
    if (!this.#hasEnded) noticeOnce('scrape', `metrics could not be collected: ${String(error)}`, 'error');
    this.end('error');
  }

  abort(): void {
    this.#stop(Object.assign(new Error('the endpoint was closed'), { name: 'AbortError' }));
  }

  #toReadable(): Readable {
    const page = Readable.from(bytesOf(this.#pieces!), { objectMode: false, highWaterMark: HIGH_WATER_MARK });
    const gzip = this.#options.isGzip ? fastGzip() : undefined;
    const body = gzip ?? page;
    // Ends both when one of them does; who reads the body is told by it.
    if (gzip !== undefined) pipeline(page, gzip, () => {});
    this.#stopped.catch((error: Error) => body.destroy(error));
    body.once('end', () => this.end('ok'));
    body.once('error', (error) => this.fail(error));
    body.once('close', () => this.end('aborted'));
    return body;
  }

  async *#counted(pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
    for await (const piece of pieces) {
      this.#bytes += piece.length;
      yield piece;
    }
  }
}

/** Copies, which a stream may hold for as long as it likes. */
async function* bytesOf(pieces: AsyncIterable<Piece>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield Buffer.from(piece);
}

/** Middleware that compresses puts a `write` of its own here, which may never say when it has taken something. */
function isWrapped(response: ServerResponse): boolean {
  return Object.hasOwn(response, 'write');
}

function copies(): Transform {
  return new Transform({
    highWaterMark: HIGH_WATER_MARK,
    transform: (piece: Buffer, _, done) => done(null, Buffer.from(piece)),
  });
}

/** The fastest level, on a thread of its own: these texts are so repetitive that it leaves a twentieth of them. */
function fastGzip(): Gzip {
  return createGzip({ level: constants.Z_BEST_SPEED, chunkSize: HIGH_WATER_MARK });
}

function timeoutOf(header: string | undefined): number {
  const seconds = Number(header);
  return seconds > 0 ? Math.min(seconds * 1000, LONGEST_TIMEOUT_MS) : DEFAULT_TIMEOUT_MS;
}

/** The reader went away. */
function isGone(error: unknown): boolean {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return (
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    code === 'ECONNRESET' ||
    code === 'EPIPE' ||
    name === 'AbortError'
  );
}
