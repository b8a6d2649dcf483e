import type { WalkedMetric } from '../../telemetry/provider/walk-series.js';
import type { LabelStyle } from './labels.js';
import { digitsOf, isDigits, LineBytes, writeDigits, writeText } from './line-bytes.js';
import { writeHead, type Sample } from './line-head.js';
import { numberText } from './numbers.js';

/** Lines that are kept together: one more digit moves all that follow. */
export const BLOCK_SIZE = 64;
/** Longer lines are written anew for each page. In bytes, without the number. */
const LONGEST_HEAD = 4096;
/** Room for digits to come, in bytes for each line. */
const SPARE = 2;

/** What lines may take, shared by all that are kept. */
export class LineRoom {
  /** In bytes. May be exceeded by one block. */
  left: number;
  readonly scratch = new LineBytes();

  constructor(left: number) {
    this.left = left;
  }
}

interface Block {
  bytes: Buffer;
  used: number;
}

/** A block with a line that is too long. */
const NOT_KEPT: Block = { bytes: Buffer.alloc(0), used: 0 };

/**
 * The lines of a metric whose series are one number each, as the bytes of the last page. Of a line only the number changes,
 * mostly not even in length: for the next page it is written over the last one, and only where it is another. That makes no
 * garbage.
 */
export class LineBlocks {
  readonly #metric: WalkedMetric;
  #edition: number | undefined;
  readonly #style: LabelStyle;
  readonly #room: LineRoom;
  readonly #sample: Sample;
  readonly #blocks: (Block | undefined)[] = [];
  /** Bytes of each line before its number; 0 where there is no line. */
  #heads: Uint16Array = new Uint16Array(0);
  /** Bytes of each line's number, and of an exemplar behind it. */
  #tails: Uint16Array = new Uint16Array(0);
  /** The number written last; NaN for one to write in any case. */
  #values: Float64Array = new Float64Array(0);
  /** What was made ready last. */
  #ready = NOT_KEPT;
  #readyLength = 0;

  constructor(metric: WalkedMetric, style: LabelStyle, room: LineRoom, sample: Sample) {
    this.#metric = metric;
    this.#edition = metric.edition;
    this.#style = style;
    this.#room = room;
    this.#sample = sample;
  }

  isFor({ open, bare, close }: Sample): boolean {
    const sample = this.#sample;
    return sample.open === open && sample.bare === bare && sample.close === close;
  }

  /**
   * Brings the lines of one block up to date: those from `first`, a multiple of {@link BLOCK_SIZE}, to `end`. Returns how
   * many bytes they are, or -1 where they cannot be kept.
   *
   * @param exemplarText what stands behind the number of a series, if anything can.
   */
  prepare(first: number, end: number, exemplarText?: (series: number) => string): number {
    if (this.#metric.edition !== this.#edition) return -1;
    const number = first / BLOCK_SIZE;
    const known = this.#blocks[number];
    if (known === NOT_KEPT) return -1;
    const length = known === undefined ? -1 : this.#update(known, first, end, exemplarText);
    if (known !== undefined && length >= 0) return this.#prepared(known, length);
    const block = this.#rebuild(number, end);
    return block === NOT_KEPT ? -1 : this.#prepared(block, this.#update(block, first, end, exemplarText));
  }

  #prepared(block: Block, length: number): number {
    this.#ready = block;
    this.#readyLength = length;
    return length;
  }

  /** Adds what was prepared last. */
  addTo(page: LineBytes): void {
    page.add(this.#ready.bytes, this.#readyLength);
  }

  /** Gives the room back. A page that is still being written keeps nothing more here. */
  drop(): void {
    this.#edition = undefined;
    for (const block of this.#blocks) this.#room.left += block?.bytes.length ?? 0;
    this.#blocks.length = 0;
  }

  /** Without room for it, a block is only for this page. */
  #rebuild(number: number, end: number): Block {
    const room = this.#room;
    room.left += this.#blocks[number]?.bytes.length ?? 0;
    this.#blocks[number] = undefined;
    const block = this.#build(number * BLOCK_SIZE, end);
    if (room.left > 0) {
      this.#blocks[number] = block;
      room.left -= block.bytes.length;
    }
    return block;
  }

  #build(first: number, end: number): Block {
    this.#makeRoom(end);
    // Another page may have had more series.
    this.#heads.fill(0, first, first + BLOCK_SIZE);
    const { scratch } = this.#room;
    scratch.clear();
    for (let i = first; i < end; i++) {
      const value = this.#metric.value(i) as number | undefined;
      if (value === undefined) continue;
      const start = scratch.length;
      const attributes = this.#metric.attributes(i) ?? {};
      const isWhole = writeHead(scratch, this.#style, this.#sample, attributes, LONGEST_HEAD);
      const head = scratch.length - start;
      if (!isWhole || head > LONGEST_HEAD) return NOT_KEPT;
      this.#heads[i] = head;
      const behind = scratch.length;
      scratch.number(value);
      this.#tails[i] = scratch.length - behind;
      this.#values[i] = value;
      scratch.text('\n');
    }
    return { bytes: scratch.copy((end - first) * SPARE), used: scratch.length };
  }

  /** Writes the numbers that have changed. Returns the length of the lines, or -1 if they are others than the block has. */
  #update(block: Block, first: number, end: number, exemplarText?: (series: number) => string): number {
    if (end > this.#heads.length) return -1;
    const metric = this.#metric;
    const heads = this.#heads;
    const tails = this.#tails;
    const values = this.#values;
    let at = 0;
    for (let i = first; i < end; i++) {
      const value = metric.value(i) as number | undefined;
      const head = heads[i]!;
      if ((value === undefined) !== (head === 0)) return -1;
      if (value === undefined) continue;
      at += head;
      const exemplar = exemplarText === undefined ? '' : exemplarText(i);
      if (value !== values[i] || exemplar !== '') this.#write(block, i, at, value, exemplar);
      at += tails[i]! + 1;
    }
    return at;
  }

  #write(block: Block, series: number, at: number, value: number, exemplar: string): void {
    // NaN is equal to nothing, so that the number is written again when there is no exemplar any more.
    this.#values[series] = exemplar === '' ? value : Number.NaN;
    if (exemplar === '' && isDigits(value)) {
      const digits = digitsOf(value);
      if (digits !== this.#tails[series]) this.#resize(block, series, at, digits);
      writeDigits(block.bytes, at, value, digits);
      return;
    }
    const text = numberText(value) + exemplar;
    if (text.length !== this.#tails[series]) this.#resize(block, series, at, text.length);
    writeText(block.bytes, at, text);
  }

  /** Gives the number at `at` another length. */
  #resize(block: Block, series: number, at: number, length: number): void {
    const behind = at + this.#tails[series]!;
    const used = block.used + length - this.#tails[series]!;
    let { bytes } = block;
    if (used > bytes.length) {
      bytes = Buffer.allocUnsafeSlow(used + BLOCK_SIZE * SPARE);
      block.bytes.copy(bytes, 0, 0, at);
      const isKept = this.#blocks[Math.trunc(series / BLOCK_SIZE)] === block;
      if (isKept) this.#room.left -= bytes.length - block.bytes.length;
    }
    block.bytes.copy(bytes, at + length, behind, block.used);
    block.bytes = bytes;
    block.used = used;
    this.#tails[series] = length;
  }

  #makeRoom(series: number): void {
    if (series <= this.#heads.length) return;
    const size = Math.max(series, 2 * this.#heads.length);
    const [heads, tails, values] = [new Uint16Array(size), new Uint16Array(size), new Float64Array(size)];
    heads.set(this.#heads);
    tails.set(this.#tails);
    values.set(this.#values);
    [this.#heads, this.#tails, this.#values] = [heads, tails, values];
  }
}
