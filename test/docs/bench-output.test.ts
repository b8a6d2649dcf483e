import { expect } from 'chai';
import { join } from 'node:path';
import { root } from '../e2e/packed.js';

/** Plain JavaScript, so its types are told here. */
interface RunsScript {
  seriesBytes(text: string): object[];
  trapTables(text: string): object[];
}
interface NumbersScript {
  duration(ns: number): string;
  times(ratio: number): string;
  Numbers: new (results: object) => { ns(run: string, name: string): number };
}

describe('what docs read of benchmarks', () => {
  it('are the bytes of series', async () => {
    const { seriesBytes } = await script<RunsScript>('bench-runs.mjs');

    const text =
      'memory: of 50000\n\nsubject            counter   histogram\ncells                  169         309\n';

    expect(seriesBytes(text)).to.deep.equal([{ case: 'cells', counter: 169, histogram: 309 }]);
  });

  it('are traps by who was tried and who was caught', async () => {
    const { trapTables } = await script<RunsScript>('bench-runs.mjs');
    const text = [
      'pool               ours  tarn 3  p-queue 9',
      'releases it twice  ok    FAIL    -        ',
      'a factory hangs    ok    ok      FAIL     ',
      '',
      '  tarn 3: releases it twice: it resolved',
    ].join('\n');

    expect(trapTables(text)).to.deep.equal([
      {
        table: 'pool',
        subjects: [
          { name: 'ours', tried: 2, caught: 0 },
          { name: 'tarn 3', tried: 2, caught: 1 },
          { name: 'p-queue 9', tried: 1, caught: 1 },
        ],
      },
    ]);
  });

  it('are shown with two digits, and missed by name', async () => {
    const { duration, times, Numbers } = await script<NumbersScript>('bench-numbers.mjs');

    expect([0.6306, 6.972, 1383, 12_014_000, 2e9].map(duration)).to.deep.equal([
      '0.63 ns',
      '7 ns',
      '1.4 µs',
      '12 ms',
      '2 s',
    ]);
    expect([0.614, 3.36, 190.8].map(times)).to.deep.equal(['0.61 ×', '3.4 ×', '190 ×']);
    expect(() => new Numbers({ record: [] }).ns('record', 'gone')).to.throw('no "gone" of record');
  });
});

async function script<Module>(name: string): Promise<Module> {
  return (await import(join(root, 'scripts', 'docs', name))) as Module;
}
