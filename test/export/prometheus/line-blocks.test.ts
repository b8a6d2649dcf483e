import type { Attributes } from '@opentelemetry/api';
import { expect } from 'chai';
import { LabelStyle } from '../../../src/export/prometheus/labels.js';
import { BLOCK_SIZE, LineBlocks, LineRoom } from '../../../src/export/prometheus/line-blocks.js';
import { LineBytes } from '../../../src/export/prometheus/line-bytes.js';
import type { Sample } from '../../../src/export/prometheus/line-head.js';
import { Namer } from '../../../src/export/prometheus/names.js';
import { lastingMetric, type LastingSeries } from '../../fakes/lasting-metric.js';

interface Series {
  attributes: Attributes;
  value: number | undefined;
  exemplar?: string;
}

const SAMPLE: Sample = { open: 'm{', bare: 'm ', close: '} ' };

/** A metric that lasts, its lines as they are kept, and as they should be. */
class Lines implements LastingSeries {
  readonly series: Series[];
  readonly room: LineRoom;
  readonly blocks: LineBlocks;
  edition = 0;

  constructor(series: Series[], room = new LineRoom(1e6)) {
    this.series = series;
    this.room = room;
    const metric = lastingMetric(this);
    this.blocks = new LineBlocks(metric, new LabelStyle(new Namer(), 'underscores'), room, SAMPLE);
  }

  get size(): number {
    return this.series.length;
  }

  attributes(position: number): Attributes | undefined {
    return this.series[position]?.attributes;
  }

  value(position: number): number | undefined {
    return this.series[position]?.value;
  }

  /** The lines of a page with so many series; `undefined` where a block cannot be kept. */
  page(size = this.series.length, hasExemplars = false): (string | undefined)[] {
    const exemplarText = (position: number) => this.series[position]!.exemplar ?? '';
    return this.#firsts(size).map((first) => {
      const end = Math.min(first + BLOCK_SIZE, size);
      const length = this.blocks.prepare(first, end, hasExemplars ? exemplarText : undefined);
      if (length < 0) return undefined;
      const page = new LineBytes();
      page.text('before:');
      this.blocks.addTo(page);
      expect(page).to.have.lengthOf('before:'.length + length);
      return page.view.toString('utf8').slice('before:'.length);
    });
  }

  expected(size = this.series.length, hasExemplars = false): string[] {
    const line = ({ attributes, value, exemplar = '' }: Series) => {
      if (value === undefined) return '';
      const labels = Object.entries(attributes).map(([name, label]) => `${name}="${String(label)}"`);
      const number = value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
      const head = labels.length === 0 ? 'm ' : `m{${labels.join(',')}} `;
      return `${head}${number}${hasExemplars ? exemplar : ''}\n`;
    };
    return this.#firsts(size).map((first) =>
      this.series
        .slice(first, Math.min(first + BLOCK_SIZE, size))
        .map(line)
        .join(''),
    );
  }

  check(size?: number, hasExemplars?: boolean): void {
    expect(this.page(size, hasExemplars)).to.deep.equal(this.expected(size, hasExemplars));
  }

  #firsts(size: number): number[] {
    return Array.from({ length: Math.ceil(size / BLOCK_SIZE) }, (_, number) => number * BLOCK_SIZE);
  }
}

const numbered = (count: number): Series[] =>
  Array.from({ length: count }, (_, i) => ({ attributes: { route: `/${i}`, status: 200 }, value: i }));

/** Numbers between 0 and 1, the same ones each time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('LineBlocks', () => {
  it('writes numbers of every length and kind over each other', () => {
    const lines = new Lines(numbered(5));
    const numbers = [
      0,
      9,
      10,
      99_999,
      1e15,
      Number.MAX_SAFE_INTEGER,
      2 ** 53,
      1e21,
      -1,
      -0,
      0.1 + 0.2,
      1e-7,
      Number.MAX_VALUE,
      Infinity,
      -Infinity,
      Number.NaN,
      Number.NaN,
      7,
    ];
    for (const [turn, number] of numbers.entries()) {
      lines.series[turn % 5]!.value = number;
      lines.check();
    }
  });

  it('has room for all numbers to grow at once', () => {
    const lines = new Lines(numbered(3 * BLOCK_SIZE + 1));
    for (let digits = 1; digits < 15; digits++) {
      for (const series of lines.series) series.value = 10 ** digits;
      lines.check();
    }
  });

  it('escapes values, writes them as UTF-8, and series without labels without braces', () => {
    const attributes = {
      text: 'a"b\\c\nd',
      utf8: 'grün 🎉',
      lone: '\ud800!',
      list: ['x', 1],
      none: undefined,
    };
    const lines = new Lines([
      { attributes: attributes as unknown as Attributes, value: 1 },
      { attributes: {}, value: 2 },
    ]);

    expect(lines.page()).to.deep.equal([
      'm{text="a\\"b\\\\c\\nd",utf8="grün 🎉",lone="\ufffd!",list="[\\"x\\",1]"} 1\nm 2\n',
    ]);
  });

  it('leaves out what has no value, and takes it up when it has', () => {
    const lines = new Lines(numbered(70));
    for (const value of [undefined, 5, undefined]) {
      lines.series[3]!.value = value;
      lines.series[69]!.value = value;
      lines.check();
    }
  });

  it('takes up series that come, in the last block and behind it', () => {
    const lines = new Lines(numbered(1));
    while (lines.series.length < 3 * BLOCK_SIZE) {
      lines.series.push(...numbered(7));
      lines.check();
    }
  });

  it('gives pages that began before others came no more than they know of', () => {
    const lines = new Lines(numbered(20));
    lines.check(10);
    lines.check(20);
    lines.check(10);
    // The page with fewer series makes the block anew; the one with more must not trust it.
    lines.series[2]!.value = undefined;
    lines.check(10);
    lines.check(20);
  });

  it('writes exemplars behind numbers for who reads them, and for nobody else', () => {
    const lines = new Lines(numbered(5));
    lines.check(5, true);
    lines.series[1]!.exemplar = ' # {trace_id="1"} 1';
    lines.series[4]!.exemplar = ` # {trace_id="${'2'.repeat(100)}"} 2`;
    lines.check(5, true);
    lines.check(5, false);
    lines.check(5, true);
    delete lines.series[1]!.exemplar;
    lines.check(5, true);
  });

  it('keeps nothing for positions that were given to others', () => {
    const lines = new Lines(numbered(5));
    lines.check();

    lines.edition += 1;

    expect(lines.page()).to.deep.equal([undefined]);
  });

  it('does not keep blocks with very long lines, and never writes those', () => {
    const lines = new Lines(numbered(2 * BLOCK_SIZE));
    lines.series[BLOCK_SIZE]!.attributes = { blob: 'x'.repeat(100e6) };

    expect(lines.page()).to.deep.equal([lines.expected()[0], undefined]);
    lines.series[BLOCK_SIZE]!.attributes = { blob: 'ü'.repeat(4000) };
    expect(lines.page()[1]).to.equal(undefined);
    expect(lines.room.scratch.length).to.be.below(100_000);
  });

  it('writes on without keeping when there is no room', () => {
    const room = new LineRoom(1);
    const lines = new Lines(numbered(3 * BLOCK_SIZE), room);
    for (let page = 0; page < 3; page++) {
      lines.series[5]!.value = 10 ** (5 * page);
      lines.series[BLOCK_SIZE + 5]!.value = 10 ** (5 * page);
      lines.series[2 * BLOCK_SIZE]!.exemplar = 'x'.repeat(200 * page);
      lines.check(undefined, true);
    }

    expect(room.left).to.be.within(-4000, 0);
    lines.blocks.drop();
    expect(room.left).to.equal(1);
  });

  it('gives back all room, however lines changed', () => {
    const lines = new Lines(numbered(200));
    const before = lines.room.left;
    for (let round = 0; round < 16; round++) {
      for (const series of lines.series) series.value = 10 ** round;
      lines.series[round]!.value = round % 2 === 0 ? undefined : 1;
      lines.page();
    }

    expect(lines.room.left).to.be.below(before);
    lines.blocks.drop();
    expect(lines.room.left).to.equal(before);
    // A page may still be written.
    expect(lines.page().every((block) => block === undefined)).to.equal(true);
    expect(lines.room.left).to.equal(before);
  });

  it('is right after whatever happens in whatever order', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const next = random(seed);
      const pick = (count: number) => Math.floor(next() * count);
      const lines = new Lines(numbered(pick(150)), new LineRoom(seed % 4 === 0 ? 8000 : 1e6));
      const values = [
        () => undefined,
        () => pick(10),
        () => pick(1e9),
        () => -pick(100),
        () => next(),
        () => next() * 1e20,
        () => Number.NaN,
      ];
      for (let round = 0; round < 40; round++) {
        for (let change = pick(20); change > 0 && lines.series.length > 0; change--) {
          const series = lines.series[pick(lines.series.length)]!;
          series.value = values[pick(values.length)]!();
          if (pick(4) === 0) series.exemplar = ' # '.padEnd(pick(60), 'x');
        }
        if (pick(4) === 0) lines.series.push(...numbered(pick(30)));
        lines.check(pick(lines.series.length + 1), pick(2) === 0);
      }
    }
  });
});
